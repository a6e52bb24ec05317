import { Type, type Static } from 'typebox'
import { decoderOf } from './decode.ts'
import { Count, Ms, strict, Text } from './schema.ts'

/** A message that could not be worked on, with the reason; its body as it came. */
export const DeadLetter = strict({
  kind: Type.Literal('dead-letter'),
  stream: Text,
  consumer: Text,
  seq: Count,
  subject: Type.String(),
  reason: Text,
  attempts: Count,
  diedMs: Ms,
  /** UTF-8 text where the body is that, else base64. */
  body: Type.String(),
})
export type DeadLetter = Static<typeof DeadLetter>
export const decodeDeadLetter = decoderOf(DeadLetter)
