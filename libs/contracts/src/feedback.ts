import { Type, type Static } from 'typebox'
import { decoderOf } from './decode.ts'
import { Ms, oneOf, optional, stored, strict, Text } from './schema.ts'
import { Entity } from './entity.ts'

/** A person's word on an anomaly. One for each anomaly and author; the last one holds. */
export const Feedback = strict({
  ...stored,
  anomaly: Text,
  target: Entity,
  author: Text,
  verdict: oneOf(['useful', 'noise']),
  /** Of the anomaly's explanation, where it has one: what the word is about beyond this one anomaly. */
  signature: optional(Text),
  sample: optional(Type.Array(Type.Number())),
  comment: optional(Type.String({ maxLength: 1024 })),
  givenMs: Ms,
})
export type Feedback = Static<typeof Feedback>
export const decodeFeedback = decoderOf(Feedback)
