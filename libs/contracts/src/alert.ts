import { Type, type Static } from 'typebox'
import { SEVERITIES } from './anomaly.ts'
import { decoderOf } from './decode.ts'
import { Entity } from './entity.ts'
import { Ms, oneOf, optional, strict, Text } from './schema.ts'

/** The labels that may name an object; the api passes on no other, since all else is text. */
export const NAMING_LABELS = [
  'namespace',
  'deployment',
  'statefulset',
  'daemonset',
  'cronjob',
  'job_name',
  'horizontalpodautoscaler',
  'persistentvolumeclaim',
  'poddisruptionbudget',
  'resourcequota',
  'pod',
  'node',
  'instance',
  'service',
] as const

/** Labels of an alert that say what it is about, as Prometheus' exporters name them. All other text of it is left out. */
export const AlertLabels = Type.Record(Type.String({ maxLength: 128 }), Type.String({ maxLength: 256 }), {
  maxProperties: 64,
})

/** An alert of Alertmanager, as the api took it; what it is about is found out by the collector, which knows the owners. */
export const OutsideAlert = strict({
  kind: Type.Literal('outside-alert'),
  cluster: Text,
  /** Alertmanager's own id of the alert: the hash of its labels. */
  fingerprint: Text,
  name: Text,
  status: oneOf(['firing', 'resolved']),
  severity: oneOf(SEVERITIES),
  startsMs: Ms,
  endsMs: optional(Ms),
  labels: AlertLabels,
  receivedMs: Ms,
})
export type OutsideAlert = Static<typeof OutsideAlert>
export const decodeOutsideAlert = decoderOf(OutsideAlert)

/** The same with what it is about, as it enters a partition. */
export const Alert = strict({
  fingerprint: Text,
  name: Text,
  status: oneOf(['firing', 'resolved']),
  severity: oneOf(SEVERITIES),
  startsMs: Ms,
  endsMs: optional(Ms),
  entity: Entity,
  target: Entity,
})
export type Alert = Static<typeof Alert>
