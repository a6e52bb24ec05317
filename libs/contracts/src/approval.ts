import { Type, type Static } from 'typebox'
import { decoderOf } from './decode.ts'
import { Ms, oneOf, optional, stored, strict, Text } from './schema.ts'

/** A person's yes or no to a plan; `_id` is the plan's. Bound to the plan's hash. */
export const Approval = strict({
  ...stored,
  planHash: Text,
  verdict: oneOf(['approved', 'rejected']),
  by: Text,
  reason: optional(Type.String({ maxLength: 1024 })),
  givenMs: Ms,
  expiresMs: Ms,
})
export type Approval = Static<typeof Approval>
export const decodeApproval = decoderOf(Approval)
