import { Type, type Static } from 'typebox'
import { Alert } from './alert.ts'
import { decoderOf } from './decode.ts'
import { Feedback } from './feedback.ts'
import { PARTITIONS } from './entity.ts'
import { Ms, Share, strict, Text } from './schema.ts'

/** What changes a detector's mind beside signals; enters a partition on its own stream, so that a replay sees it in the same order. */
export const Control = strict({
  kind: Type.Literal('control'),
  cluster: Text,
  partition: Type.Integer({ minimum: 0, maximum: PARTITIONS - 1 }),
  sentMs: Ms,
  change: Type.Union([
    strict({ type: Type.Literal('feedback'), feedback: Feedback }),
    /** Time goes on where nothing else happens: what must end by time alone ends by this. */
    strict({ type: Type.Literal('tick') }),
    /** A team's own alert, on the target that its labels name. */
    strict({ type: Type.Literal('alert'), alert: Alert }),
    strict({ type: Type.Literal('thresholds'), thresholds: Type.Record(Type.String(), Share) }),
  ]),
})
export type Control = Static<typeof Control>
export const decodeControl = decoderOf(Control)
