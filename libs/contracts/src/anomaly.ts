import { Type, type Static } from 'typebox'
import { decoderOf } from './decode.ts'
import { Entity, keyOf } from './entity.ts'
import { idOf } from './ids.ts'
import { Count, Ms, oneOf, optional, Share, stored, strict, Text } from './schema.ts'

export const SEVERITIES = ['info', 'warning', 'critical'] as const
export type Severity = (typeof SEVERITIES)[number]

/** Where an anomaly comes from: measurements, Events, the state of objects, or a team's own alerts. */
export const SOURCES = ['metric', 'event', 'state', 'alert'] as const
export type Source = (typeof SOURCES)[number]

/** One metric's part in what an anomaly is. */
export const Contributor = strict({
  name: Text,
  observed: Type.Number(),
  expected: Type.Number(),
  /** Where it usually is. */
  low: Type.Number(),
  high: Type.Number(),
  /** Standard deviations from what was expected, signed. */
  z: Type.Number(),
  /** Of all metrics' parts. */
  share: Share,
})
export type Contributor = Static<typeof Contributor>

/** Why a model calls something unusual. */
export const Explanation = strict({
  /** How rare an hour with such a score is for the like of it, in decades. */
  decades: Type.Number({ minimum: 0 }),
  /** Days that pass between such hours. */
  oncePerDays: Type.Number({ minimum: 0 }),
  /** The greatest part first. */
  contributors: Type.Array(Contributor),
  /** The views that the score is made of, by name. */
  views: Type.Record(Type.String(), Type.Number()),
  usesSeason: Type.Boolean(),
  /** How long it has been watched. */
  historyMs: Type.Number({ minimum: 0 }),
  isDuringRollout: Type.Boolean(),
  /** Since when its level has been another, where that can be told. */
  shiftedSinceMs: optional(Ms),
  /** Events about the workload of the last minutes that are more than usual: the reason, and how rare, in decades. */
  events: Type.Array(strict({ reason: Text, decades: Type.Number() })),
  /** What alerts are known by for whom they concern: feedback on one is feedback on all that share it. */
  signature: Text,
  /** What the model of people's feedback looks at. */
  sample: Type.Array(Type.Number()),
  /** Decades by which feedback on earlier ones has moved the budget of such alerts. */
  feedbackDecades: Type.Number(),
  /** The last one with the same signature, and what was said of it. */
  similar: optional(strict({ anomaly: Text, startedMs: Ms, verdict: optional(oneOf(['useful', 'noise'])) })),
})
export type Explanation = Static<typeof Explanation>

const anomaly = {
  entity: Entity,
  target: Entity,
  rule: strict({ name: Text, version: Type.Integer({ minimum: 1 }) }),
  source: oneOf(SOURCES),
  /** Start of the episode, in the sample's own time. */
  startedMs: Ms,
  /** Sample time at which the evidence was complete. */
  detectedMs: Ms,
  severity: oneOf(SEVERITIES),
  /** Decades of surprise for a model; 12 for a rule that states a fact. */
  score: Type.Number({ minimum: 0, maximum: 12 }),
  confidence: Share,
  /** One sentence for a person. Holds no text from the cluster but names and reasons. */
  say: Text,
  metric: optional(
    strict({
      name: Text,
      value: Type.Number(),
      expected: Type.Number(),
      low: Type.Number(),
      high: Type.Number(),
      intervalMs: Type.Number(),
    }),
  ),
  /** What caused it, by name. */
  features: Type.Record(Type.String(), Type.Union([Type.Number(), Type.String(), Type.Boolean()])),
  /** The points around it, so that a person can read why. */
  window: optional(strict({ timeMs: Type.Array(Ms), value: Type.Array(Type.Number()) })),
  /** Of what a model found; a rule explains itself by its sentence. */
  explanation: optional(Explanation),
  partition: Count,
  /** Sequence of the signal that completed the evidence. */
  seq: Count,
}

/** As it travels. The id is also its message id. */
export const AnomalyOpened = strict({ kind: Type.Literal('anomaly'), id: Text, epoch: Count, ...anomaly })
export type AnomalyOpened = Static<typeof AnomalyOpened>

export const AnomalyResolved = strict({
  kind: Type.Literal('anomaly-resolved'),
  id: Text,
  epoch: Count,
  entity: Entity,
  target: Entity,
  resolvedMs: Ms,
  say: Text,
})
export type AnomalyResolved = Static<typeof AnomalyResolved>

export type AnomalyMessage = AnomalyOpened | AnomalyResolved
const AnomalyMessageSchema = Type.Union([AnomalyOpened, AnomalyResolved])
export const decodeAnomalyMessage = decoderOf(AnomalyMessageSchema)

/** As it is kept. */
export const Anomaly = strict({
  ...stored,
  ...anomaly,
  status: oneOf(['open', 'resolved']),
  resolvedMs: optional(Ms),
  resolution: optional(Type.String()),
})
export type Anomaly = Static<typeof Anomaly>
export const decodeAnomaly = decoderOf(Anomaly)

/** An anomaly is known by its entity, its rule with version, and the start of its episode in sample time. */
export function anomalyId(entity: Entity, rule: { name: string; version: number }, startedMs: number): string {
  return idOf('anomaly', keyOf(entity), entity.uid ?? '', `${rule.name}@${rule.version}`, startedMs)
}
