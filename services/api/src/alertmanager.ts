import { NAMING_LABELS, type OutsideAlert, type Severity } from '@kubewise/contracts'
import { Type, type Static } from 'typebox'

/** Values are text of whoever wrote the alert; which of them are used is decided below. */
const Labels = Type.Record(Type.String(), Type.String())

const WebhookAlert = Type.Object({
  status: Type.Enum(['firing', 'resolved']),
  labels: Labels,
  startsAt: Type.String(),
  endsAt: Type.Optional(Type.String()),
  fingerprint: Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' }),
})
type WebhookAlert = Static<typeof WebhookAlert>

/**
 * What Alertmanager posts, version 4 of its webhook, as far as it is used; it may add members.
 *
 * @see https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
 */
export const AlertmanagerBody = Type.Object({
  version: Type.Literal('4'),
  alerts: Type.Array(WebhookAlert, { maxItems: 1000 }),
})
export type AlertmanagerBody = Static<typeof AlertmanagerBody>

/** Why an alert is not taken although nothing is wrong with it: it is about KubeWise or of its making, or about another cluster. */
export const LEFT = ['own', 'other-cluster'] as const
export type Left = (typeof LEFT)[number]

export interface Reading {
  alerts: OutsideAlert[]
  left: Record<Left, number>
  /** Every mistake of the body, with its place. */
  mistakes: string[]
}

/** What Go writes for a time that is not set. */
const UNSET = /^0001-01-01T/
const SEVERITIES: ReadonlyMap<string, Severity> = new Map([
  ...['critical', 'page', 'error', 'high'].map((word) => [word, 'critical'] as const),
  ...['info', 'none', 'low'].map((word) => [word, 'info'] as const),
])
const MAX_NAME = 128
const MAX_VALUE = 253

/** An alert's name as one word, so that no sentence can hide in it. */
const wordOf = (name: string) => name.replaceAll(/[^A-Za-z0-9_:.-]+/g, '_').slice(0, MAX_NAME)

/** KubeWise's own alerts and notifications, which would come back as signals and make it tell of itself for ever. */
function isOwn(labels: Readonly<Record<string, string>>): boolean {
  return (
    /^kubewise/i.test(labels['alertname'] ?? '') ||
    Object.keys(labels).some((label) => label.startsWith('kubewise')) ||
    labels['source'] === 'kubewise'
  )
}

/** Only labels that may name an object; any other text ends here. */
function namingOf(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    NAMING_LABELS.flatMap((label) => {
      const value = Object.hasOwn(labels, label) ? labels[label] : undefined
      return value !== undefined && value !== '' && value.length <= MAX_VALUE ? [[label, value]] : []
    }),
  )
}

function timeOf(text: string): number | undefined {
  const ms = Date.parse(text)
  return Number.isNaN(ms) || ms < 0 ? undefined : ms
}

function alertOf(cluster: string, alert: WebhookAlert, place: string, nowMs: number): OutsideAlert | string[] {
  const { status, labels, fingerprint } = alert
  // Legal, though Prometheus never sends it.
  const name = wordOf(labels['alertname'] ?? '') || 'unnamed'
  const startsMs = timeOf(alert.startsAt)
  const hasEnd = alert.endsAt !== undefined && alert.endsAt !== '' && !UNSET.test(alert.endsAt)
  const endsMs = hasEnd ? timeOf(alert.endsAt ?? '') : undefined
  const mistakes = [
    ...(startsMs === undefined ? [`${place}.startsAt: expected a time (RFC 3339)`] : []),
    ...(hasEnd && endsMs === undefined ? [`${place}.endsAt: expected a time (RFC 3339)`] : []),
  ]
  if (mistakes.length > 0 || startsMs === undefined) return mistakes
  return {
    kind: 'outside-alert',
    cluster,
    fingerprint,
    name,
    status,
    severity: SEVERITIES.get((labels['severity'] ?? '').toLowerCase()) ?? 'warning',
    startsMs,
    ...(endsMs !== undefined && { endsMs }),
    labels: namingOf(labels),
    receivedMs: nowMs,
  }
}

/**
 * Reads what Alertmanager posted. A label `cluster` that names another cluster than this one leaves its alert out: its objects
 * may have the same names here.
 */
export function readAlerts(cluster: string, { alerts }: AlertmanagerBody, nowMs: number): Reading {
  const reading: Reading = { alerts: [], left: { own: 0, 'other-cluster': 0 }, mistakes: [] }
  for (const [i, alert] of alerts.entries()) {
    const named = alert.labels['cluster']
    if (isOwn(alert.labels)) reading.left.own += 1
    else if (named !== undefined && named !== '' && named !== cluster) reading.left['other-cluster'] += 1
    else {
      const read = alertOf(cluster, alert, `alerts.${i}`, nowMs)
      if (Array.isArray(read)) reading.mistakes.push(...read)
      else reading.alerts.push(read)
    }
  }
  return reading
}
