import type { Refusal } from '@kubewise/contracts'
import type { FreshnessState, Guard, GuardContext, Limits } from '../guard.ts'

/** Is a time within `maxAgeMs` of now, on either side of which nothing is believed? */
function isFresh(atMs: number | undefined, maxAgeMs: number, { nowMs, limits }: GuardContext): boolean {
  return atMs !== undefined && nowMs - atMs < maxAgeMs && atMs - nowMs <= limits.maxClockSkewMs
}

function clockRefusal({ clockSkewMs }: FreshnessState, { maxClockSkewMs }: Limits): Refusal | undefined {
  if (!clockSkewMs.isKnown)
    return { code: 'clock-skew', say: `The clock was not compared with the API server's: ${clockSkewMs.why}` }
  return Math.abs(clockSkewMs.value) <= maxClockSkewMs
    ? undefined
    : {
        code: 'clock-skew',
        say: `The clock differs from the API server's by ${clockSkewMs.value} ms, of ${maxClockSkewMs} allowed.`,
      }
}

function metricsRefusal({ metrics }: FreshnessState, context: GuardContext): Refusal | undefined {
  if (metrics.length === 0) return { code: 'metrics-stale', say: 'It is not known which metrics the plan was born of.' }
  const stale = metrics.find(
    ({ lastSampleMs, intervalMs }) => !isFresh(lastSampleMs, intervalMs * context.limits.maxMetricIntervals, context),
  )
  return (
    stale && {
      code: 'metrics-stale',
      say: `The metric ${stale.name} has no sample of the last ${context.limits.maxMetricIntervals} intervals.`,
    }
  )
}

function watchesRefusal({ watches }: FreshnessState, context: GuardContext): Refusal | undefined {
  if (watches.length === 0) return { code: 'watch-stale', say: 'It is not known which watches the plan rests on.' }
  const stale = watches.find(({ confirmedMs }) => !isFresh(confirmedMs, context.limits.maxWatchAgeMs, context))
  return (
    stale && {
      code: 'watch-stale',
      say: `The watch of ${stale.resource} was not confirmed within ${context.limits.maxWatchAgeMs / 1000} s.`,
    }
  )
}

/** Refuses to act on what may be out of date: metrics without new samples, a silent watch, a clock that is off. */
export const freshness: Guard = (context) => {
  const { freshness, plan, limits } = context
  if (!freshness.isKnown)
    return { code: 'freshness-unknown', say: `How fresh the view is cannot be read: ${freshness.why}` }
  const look = plan.evidence === 'metric' ? metricsRefusal : watchesRefusal
  return clockRefusal(freshness.value, limits) ?? look(freshness.value, context)
}
