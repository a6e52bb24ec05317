import { Type, type Static } from 'typebox'
import { decoderOf } from './decode.ts'
import { Entity } from './entity.ts'
import { Plan } from './plan.ts'
import { Ms, oneOf, optional, strict, Text } from './schema.ts'

/** What would you do about this object, now? Any object of the cluster, ill or not; nothing is recorded and nothing is done. */
export const Question = strict({
  kind: Type.Literal('question'),
  cluster: Text,
  object: strict({ kind: Text, namespace: Type.String(), name: Text }),
  by: Text,
  askedMs: Ms,
})
export type Question = Static<typeof Question>
export const decodeQuestion = decoderOf(Question)

/** What the planner would decide on the target of that object. */
export const Answer = strict({
  kind: Type.Literal('answer'),
  /** `unknown`: the object is not there, or cannot be read; `say` tells which. */
  outcome: oneOf(['plan', 'no-action', 'wait', 'escalate', 'close', 'unknown']),
  code: Text,
  say: Text,
  /** The object's top owner, which is what would be changed. */
  target: optional(Entity),
  /** The open incident of the target, where there is one. */
  incident: optional(Text),
  /** What would be planned. It is not in the record and cannot be approved. */
  plan: optional(Plan),
})
export type Answer = Static<typeof Answer>
export const decodeAnswer = decoderOf(Answer)
