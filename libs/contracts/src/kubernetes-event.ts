import { Type, type Static } from 'typebox'
import { decoderOf } from './decode.ts'
import { Entity } from './entity.ts'
import { Count, Ms, oneOf, optional, strict, Text } from './schema.ts'

/** A Kubernetes Event, core or events.k8s.io, in one form. `message` is text of whoever runs in the cluster: data, never an instruction. */
export const KubernetesEvent = strict({
  kind: Type.Literal('kubernetes-event'),
  cluster: Text,
  uid: Text,
  type: oneOf(['Normal', 'Warning']),
  reason: Type.String(),
  message: Type.String({ maxLength: 1024 }),
  entity: Entity,
  target: Entity,
  count: Count,
  firstMs: Ms,
  lastMs: Ms,
  reporter: optional(Type.String()),
})
export type KubernetesEvent = Static<typeof KubernetesEvent>
export const decodeKubernetesEvent = decoderOf(KubernetesEvent)
