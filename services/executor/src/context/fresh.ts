import { BUCKETS, decodeFreshness, type Freshness, type Plan } from '@kubewise/contracts'
import { known, unknown, type FreshnessState, type Known } from '@kubewise/policy'
import type { Runtime } from '../runtime.ts'
import { resourceOfKind } from './workload.ts'

/** The greater of our own difference from the API server's clock and the collector's. */
function skewOf(ours: number | undefined, theirs: number | undefined): Known<number> {
  const measured = [ours, theirs].filter((skew) => skew !== undefined)
  if (ours === undefined || measured.length === 0) return unknown('no answer of the API server was timed yet')
  return known(measured.reduce((most, skew) => (Math.abs(skew) > Math.abs(most) ? skew : most)))
}

/** What a plan born of state rests on: pods and its own kind; of Events, those. */
function watchesOf(plan: Plan): string[] {
  if (plan.evidence === 'event') return ['events']
  const own = resourceOfKind(plan.target.kind)?.plural
  return [...new Set(['pods', ...(own ? [own] : [])])]
}

/** The collector's word on how fresh its view is. @throws BusError; TypeError when it is absent or garbage */
export async function readFreshness(ports: Pick<Runtime, 'bucket' | 'options'>): Promise<Freshness> {
  const entry = await (await ports.bucket(BUCKETS.freshness)).get(ports.options.cluster)
  if (!entry) throw new TypeError('the collector has not told yet')
  const decoded = decodeFreshness(entry.value)
  if (!decoded.ok) throw new TypeError(`the collector told garbage: ${decoded.errors.join('; ')}`)
  return decoded.value
}

/** Reduced to what the plan rests on. */
export function stateOf(freshness: Freshness, plan: Plan, ourSkewMs: number | undefined): FreshnessState {
  const metric = (name: string) => (Object.hasOwn(freshness.metrics, name) ? freshness.metrics[name] : undefined)
  return {
    writtenMs: freshness.writtenMs,
    clockSkewMs: skewOf(ourSkewMs, freshness.clockSkewMs),
    metrics: plan.metrics.map((name) => ({
      name,
      lastSampleMs: metric(name)?.lastSampleMs,
      intervalMs: metric(name)?.intervalMs ?? 0,
    })),
    watches: watchesOf(plan).map((resource) => ({
      resource,
      confirmedMs: Object.hasOwn(freshness.watches, resource) ? freshness.watches[resource] : undefined,
    })),
  }
}
