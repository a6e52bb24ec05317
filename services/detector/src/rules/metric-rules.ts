import type { Severity } from '@kubewise/contracts'
import type { EpisodeRule } from '../episodes.ts'
import type { Finding } from '../finding.ts'
import { MINUTE } from './state-rule.ts'

/** A metric with a value at which it is wrong whatever it was before. */
interface MetricRule extends EpisodeRule {
  metric: string
  /** From this value on, in the metric's unit. */
  from: number
  /** From this value on it is critical. */
  criticalFrom: number
  say: (value: number) => string
}

const RULES: readonly MetricRule[] = [
  {
    metric: 'volume_usage_pct',
    name: 'volume-filling',
    version: 1,
    forMs: 2 * MINUTE,
    clearMs: 5 * MINUTE,
    from: 90,
    criticalFrom: 97,
    say: (value) => `The volume is ${value.toFixed(0)} % full.`,
  },
  {
    metric: 'node_clock_offset_seconds',
    name: 'clock-drift',
    version: 1,
    forMs: 5 * MINUTE,
    clearMs: 5 * MINUTE,
    from: 0.5,
    criticalFrom: 30,
    say: (value) => `The clock of the node is off by ${value.toPrecision(2)} s.`,
  },
  {
    metric: 'dns_servfail_pct',
    name: 'dns-failing',
    version: 1,
    forMs: 2 * MINUTE,
    clearMs: 2 * MINUTE,
    from: 5,
    criticalFrom: 20,
    say: (value) => `The cluster's DNS fails to answer ${value.toFixed(0)} % of what it is asked.`,
  },
]

const BY_METRIC = new Map(RULES.map((rule) => [rule.metric, rule]))

/** The rule of a metric with what it finds at this value; undefined for a metric without one. */
export function metricRuleFor(
  metric: string,
  value: number,
): { rule: EpisodeRule; finding: Finding | undefined } | undefined {
  const rule = BY_METRIC.get(metric)
  if (!rule) return undefined
  const { name, version, forMs, clearMs, from, criticalFrom, say } = rule
  const severity: Severity = value >= criticalFrom ? 'critical' : 'warning'
  const finding: Finding = { severity, say: say(value), features: { metric, value }, score: 10, confidence: 0.9 }
  return { rule: { name, version, forMs, clearMs }, finding: value >= from ? finding : undefined }
}
