import type { Facts, PodFacts } from '@kubewise/contracts'
import { conditionOf, dependenciesOf, serviceAvailability, timeMs, type Job, type ServiceRef } from '@kubewise/kube'
import { templateOf, type Context } from './context.ts'
import type { HealthyRevision } from './last-healthy.ts'
import { isSelected } from './selector.ts'

const RUNAWAY_RULE = 'sibling-outlier'

const keyOf = ({ namespace, name }: ServiceRef) => `${namespace}/${name}`

/**
 * The Services that the target needs. One that only the newest release names, and the last healthy one did not, is the
 * release's own doing and no outside cause.
 */
export function dependenciesIn(
  { target, services, incident }: Pick<Context, 'target' | 'services' | 'incident'>,
  healthy: HealthyRevision | undefined,
): ServiceRef[] {
  const template = templateOf({ target })
  if (!target || !template) return []
  const metadata = { ...target.metadata, namespace: incident.target.namespace }
  const now = dependenciesOf({ metadata, spec: { template } }, services)
  if (!healthy) return now
  const before = new Set(
    dependenciesOf({ metadata, spec: { template: healthy.revision.template } }, services).map(keyOf),
  )
  return now.filter((ref) => before.has(keyOf(ref)))
}

export function dependencyFacts(context: Context, healthy: HealthyRevision | undefined): Facts['dependencies'] {
  return dependenciesIn(context, healthy).map((ref) => {
    const service = context.services.find(
      ({ metadata }) => metadata?.name === ref.name && metadata.namespace === ref.namespace,
    )
    return { ...ref, available: serviceAvailability(ref, service, context.endpointSlices).isAvailable }
  })
}

const newestJob = (jobs: readonly Job[]): Job | undefined =>
  [...jobs].sort(
    (a, b) => (timeMs(b.metadata?.creationTimestamp) ?? 0) - (timeMs(a.metadata?.creationTimestamp) ?? 0),
  )[0]

/** Of a CronJob, its newest Job. */
export function jobFacts({ jobs }: Pick<Context, 'jobs'>): Facts['job'] {
  const job = newestJob(jobs)
  const is = (type: string) => job !== undefined && conditionOf(job, type)?.status === 'True'
  return { exists: job !== undefined, complete: is('Complete'), failed: is('Failed') }
}

/** The disruption budgets that match the target's pods; the least of them holds. */
export function matchingBudgets({ budgets, pods }: Pick<Context, 'budgets' | 'pods'>) {
  return budgets
    .filter(({ spec }) => pods.some(({ metadata }) => isSelected(spec?.selector, metadata?.labels)))
    .map(({ metadata, status }) => ({
      name: metadata?.name ?? '',
      disruptionsAllowed: Math.max(0, status?.disruptionsAllowed ?? 0),
      isWell: (status?.expectedPods ?? 0) > 0 && (status?.currentHealthy ?? 0) >= (status?.expectedPods ?? 0),
    }))
}

export function budgetFacts(context: Pick<Context, 'budgets' | 'pods'>): Facts['budget'] {
  const budgets = matchingBudgets(context)
  return {
    exists: budgets.length > 0,
    disruptionsAllowed:
      budgets.length > 0 ? Math.min(...budgets.map(({ disruptionsAllowed }) => disruptionsAllowed)) : 0,
    deadlocked: budgets.some(({ disruptionsAllowed, isWell }) => disruptionsAllowed === 0 && isWell),
  }
}

const NO_RUNAWAY: Facts['runaway'] = { exists: false, pod: '', uid: '', value: 0, siblings: 0, ratio: 0, ready: false }

const numberIn = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? value : 0)

/** The replica that is furthest above its siblings in CPU, of those that still are and still exist. */
export function runawayFacts({ incident, evidence }: Context, pods: readonly PodFacts[]): Facts['runaway'] {
  const found = incident.signals.flatMap(({ rule, entity, anomaly, resolvedMs }) => {
    const pod = pods.find(
      ({ uid, name, terminating }) => !terminating && (entity.uid ? uid === entity.uid : name === entity.name),
    )
    if (rule !== RUNAWAY_RULE || resolvedMs !== undefined || !pod) return []
    const { value, siblings, ratio } = evidence.get(anomaly)?.features ?? {}
    return {
      exists: true,
      pod: pod.name,
      uid: pod.uid,
      value: numberIn(value),
      siblings: numberIn(siblings),
      ratio: numberIn(ratio),
      ready: pod.ready,
    }
  })
  return found.sort((a, b) => b.ratio - a.ratio)[0] ?? NO_RUNAWAY
}
