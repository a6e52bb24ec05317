import type { Static } from 'typebox'
import { decoderOf } from './decode.ts'
import { KubernetesEvent } from './kubernetes-event.ts'
import { Ms, stored, strict } from './schema.ts'

const { kind: _kind, ...fields } = KubernetesEvent.properties

/** A copy of a Kubernetes Event at one of its counts, kept for people to read; the cluster forgets its own within the hour. */
export const KeptEvent = strict({
  ...stored,
  ...fields,
  /** When the collector saw it. */
  seenMs: Ms,
  expiresMs: Ms,
})
export type KeptEvent = Static<typeof KeptEvent>
export const decodeKeptEvent = decoderOf(KeptEvent)
