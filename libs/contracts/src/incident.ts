import { Type, type Static } from 'typebox'
import { SEVERITIES, SOURCES } from './anomaly.ts'
import { decoderOf } from './decode.ts'
import { Entity, keyOf, type Target } from './entity.ts'
import { idOf } from './ids.ts'
import { Refusal } from './refusal.ts'
import { Count, Ms, oneOf, optional, stored, strict, Text } from './schema.ts'

/** An anomaly as its incident remembers it. */
export const IncidentSignal = strict({
  anomaly: Text,
  rule: Text,
  entity: Entity,
  source: oneOf(SOURCES),
  /** The target it is about, where that is not the incident's own: then it is a symptom's. */
  target: optional(Entity),
  metric: optional(Type.String()),
  severity: oneOf(SEVERITIES),
  startedMs: Ms,
  detectedMs: Ms,
  resolvedMs: optional(Ms),
  say: Text,
})
export type IncidentSignal = Static<typeof IncidentSignal>

/** The last decision on an incident. Equal hashes are the same decision: no new plan. */
export const Decision = strict({
  atMs: Ms,
  outcome: oneOf(['plan', 'no-action', 'wait', 'escalate']),
  code: Text,
  say: Text,
  hash: Text,
  plan: optional(Text),
})
export type Decision = Static<typeof Decision>

/** How a symptom hangs on its cause. */
export const RELATIONS = [
  'dependency',
  'node',
  'volume',
  'image',
  'registry',
  'admission',
  'quota',
  'network',
  'change',
  'storm',
] as const
export type Relation = (typeof RELATIONS)[number]

/** An incident of another target that has its cause in this one. */
export const Symptom = strict({
  incident: Text,
  target: Entity,
  relation: oneOf(RELATIONS),
  /** The evidence, in one sentence. */
  say: Text,
  sinceMs: Ms,
})
export type Symptom = Static<typeof Symptom>

/** What is wrong with one target, from its first anomaly to the last one's end, with the symptoms it has elsewhere. */
export const Incident = strict({
  ...stored,
  cluster: Text,
  target: Entity,
  status: oneOf(['open', 'resolved']),
  openedMs: Ms,
  updatedMs: Ms,
  resolvedMs: optional(Ms),
  severity: oneOf(SEVERITIES),
  say: Text,
  cause: optional(Text),
  signals: Type.Array(IncidentSignal),
  plans: Type.Array(Text),
  /** Plans that were carried out. */
  attempts: Count,
  decision: optional(Decision),
  /** Incidents of other targets whose cause lies here; bounded. */
  symptoms: optional(Type.Array(Symptom, { maxItems: 200 })),
  /** How many there are, where that is more. */
  symptomCount: optional(Count),
  /** Resolved since it is a symptom: the incident that it became a part of. */
  mergedInto: optional(Text),
  /** How it hangs on that one; while it is open, this one still gathers its own target's signals. */
  mergedAs: optional(strict({ relation: oneOf(RELATIONS), say: Text, sinceMs: Ms })),
  /** Why it ended. */
  resolution: optional(Refusal),
  /** Why nobody is told of it now: a silence, a window, another anomaly. It is open all the same. */
  silenced: optional(Refusal),
})
export type Incident = Static<typeof Incident>
export const decodeIncident = decoderOf(Incident)

export function incidentId(target: Target, openingAnomaly: string): string {
  return idOf('incident', keyOf(target), openingAnomaly)
}

export const IncidentNotice = strict({
  kind: Type.Literal('incident'),
  change: oneOf(['opened', 'updated', 'resolved']),
  incident: Incident,
})
export type IncidentNotice = Static<typeof IncidentNotice>
export const decodeIncidentNotice = decoderOf(IncidentNotice)
