import { Type, type Static } from 'typebox'
import { decoderOf } from './decode.ts'
import { Count, Ms, optional, strict, Text } from './schema.ts'

/** What the collector saw last (bucket `freshness`, key = cluster). Stale or unreadable freezes action. */
export const Freshness = strict({
  cluster: Text,
  writtenMs: Ms,
  /** Newest sample of each metric. */
  metrics: Type.Record(Type.String(), strict({ lastSampleMs: Ms, intervalMs: Type.Number({ exclusiveMinimum: 0 }) })),
  /** When the server last confirmed each watch, by plural resource name. */
  watches: Type.Record(Type.String(), Ms),
  clockSkewMs: optional(Type.Number()),
  counts: optional(Type.Record(Type.String(), Count)),
})
export type Freshness = Static<typeof Freshness>
export const decodeFreshness = decoderOf(Freshness)
