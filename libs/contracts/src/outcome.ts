import { Type, type Static } from 'typebox'
import { ActionName } from './action.ts'
import { decoderOf } from './decode.ts'
import { Entity } from './entity.ts'
import { Ms, oneOf, optional, Share, stored, strict, Text } from './schema.ts'

export const OUTCOMES = ['recovered', 'not-recovered', 'inconclusive'] as const

/** How one plan that changed something ended; `_id` is the plan's, so that it is counted once. What the planner learns from. */
export const Outcome = strict({
  ...stored,
  cluster: Text,
  target: Entity,
  /** Of the target: what a remedy does to a Deployment says little of a StatefulSet. */
  workloadKind: Text,
  cause: Text,
  action: ActionName,
  /** The playbook, where one chose it. */
  playbook: optional(Type.String()),
  result: oneOf(OUTCOMES),
  /** How sure the plan was. */
  confidence: Share,
  endedMs: Ms,
})
export type Outcome = Static<typeof Outcome>
export const decodeOutcome = decoderOf(Outcome)
