import { Type, type Static } from 'typebox'
import { decoderOf } from './decode.ts'
import { Entity } from './entity.ts'
import { Ms, optional, stored, strict, Text } from './schema.ts'

/**
 * Which incident of a target is its newest: the one place where two planners that open an incident at the same moment meet.
 * `_id` is the target's key.
 */
export const IncidentHead = strict({
  ...stored,
  target: Entity,
  /** Absent where only an anomaly's end was seen so far. */
  incident: optional(Text),
  changedMs: Ms,
  /** Anomalies whose end came before their beginning, newest last; bounded. */
  endedEarly: Type.Array(strict({ anomaly: Text, resolvedMs: Ms }), { maxItems: 64 }),
})
export type IncidentHead = Static<typeof IncidentHead>
export const decodeIncidentHead = decoderOf(IncidentHead)

/**
 * What the planner saw of a workload's revisions, each known by the hash of its pod template; `_id` is the target's key, and
 * another uid is another workload. A revision is healthy once all its wanted pods were ready for 10 s.
 */
export const RevisionRecord = strict({
  ...stored,
  target: Entity,
  watchedSinceMs: Ms,
  /** When each was last seen healthy, newest last; bounded. */
  healthy: Type.Array(strict({ template: Text, healthyMs: Ms }), { maxItems: 16 }),
})
export type RevisionRecord = Static<typeof RevisionRecord>
export const decodeRevisionRecord = decoderOf(RevisionRecord)
