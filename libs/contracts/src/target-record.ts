import { Type, type Static } from 'typebox'
import { decoderOf } from './decode.ts'
import { Entity } from './entity.ts'
import { Count, Ms, optional, stored, strict, Text } from './schema.ts'

/** What the executor knows of a target: who works on it (lock), with which fencing token (epoch), and how long it rests. `_id` is the target's key. */
export const TargetRecord = strict({
  ...stored,
  target: Entity,
  /** Grows with every lock; a writer with an older one is fenced off. */
  epoch: Count,
  lock: optional(strict({ plan: Text, holder: Text, untilMs: Ms })),
  /** No new incident of this target is acted upon before. */
  coolingUntilMs: Ms,
  /** Failures in a row; doubles the rest. */
  failures: Count,
  lastActedMs: optional(Ms),
  /** When steps were carried out within the last hour; for the hourly budgets. */
  actedMs: Type.Array(Ms),
  /** Values before the first raise of the incident, by `<container>/<resource>`; limits are bounded against these. */
  originals: Type.Record(Type.String(), Type.String()),
  originalsOf: optional(Text),
})
export type TargetRecord = Static<typeof TargetRecord>
export const decodeTargetRecord = decoderOf(TargetRecord)
