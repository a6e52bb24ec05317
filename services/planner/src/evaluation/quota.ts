import {
  formatQuantity,
  parseQuantity,
  type LimitRange,
  type PodSpec,
  type QuantityText,
  type ResourceQuota,
} from '@kubewise/kube'
import { containerAmounts, podAmounts, type Amounts } from './amounts.ts'
import type { Arrival } from './arrivals.ts'
import { doubt, gravest, notReadable, pass, refuse, type Verdict } from './check.ts'
import { allContainers } from './pod-fields.ts'
import type { Place } from './place.ts'

const ONE = parseQuantity(1).nano
/** Resources of a quota that every container must name where a quota bounds them. */
const COMPUTE = /^(?:(requests|limits)\.)?(cpu|memory|ephemeral-storage)$/

/** What one pod counts for in a quota's own words; undefined for a resource that pods do not count for. */
function usage(resource: string, spec: PodSpec, ranges: readonly LimitRange[]): bigint | undefined {
  if (resource === 'pods' || resource === 'count/pods') return ONE
  const [, kind = 'requests', name] = /^(requests|limits)\.(.+)$/.exec(resource) ?? COMPUTE.exec(resource) ?? []
  if (name === undefined || name === 'storage') return undefined
  return podAmounts(spec, kind === 'limits' ? 'limits' : 'requests', ranges).get(name) ?? 0n
}

type Match = boolean | 'unsure'

function isBestEffort(spec: PodSpec, ranges: readonly LimitRange[]): boolean {
  const isAsked = (amounts: Amounts) => ['cpu', 'memory'].some((name) => (amounts.get(name) ?? 0n) > 0n)
  return !isAsked(podAmounts(spec, 'requests', ranges)) && !isAsked(podAmounts(spec, 'limits', ranges))
}

function inScope(
  name: string,
  operator: string,
  values: readonly string[],
  spec: PodSpec,
  ranges: readonly LimitRange[],
): Match {
  switch (name) {
    case 'Terminating':
      return spec.activeDeadlineSeconds !== undefined
    case 'NotTerminating':
      return spec.activeDeadlineSeconds === undefined
    case 'BestEffort':
      return isBestEffort(spec, ranges)
    case 'NotBestEffort':
      return !isBestEffort(spec, ranges)
    case 'PriorityClass': {
      const own = spec.priorityClassName ?? ''
      if (operator === 'Exists') return own !== ''
      if (operator === 'DoesNotExist') return own === ''
      return (operator === 'In') === values.includes(own)
    }
    default:
      return 'unsure'
  }
}

/** Does a quota count this pod? One with several scopes counts what lies in all of them. */
function counts({ spec: quota }: ResourceQuota, spec: PodSpec, ranges: readonly LimitRange[]): Match {
  const scopes = (quota?.scopes ?? []).map((name) => inScope(name, 'Exists', [], spec, ranges))
  const selected = (quota?.scopeSelector?.matchExpressions ?? []).map(({ scopeName, operator, values = [] }) =>
    inScope(scopeName, operator, values, spec, ranges),
  )
  const all = new Set<Match>([...scopes, ...selected])
  if (all.has(false)) return false
  return all.has('unsure') ? 'unsure' : true
}

/** A quota that bounds a resource demands that every container names it. */
function unnamed(resource: string, spec: PodSpec, ranges: readonly LimitRange[]): boolean {
  const [, kind = 'requests', name] = COMPUTE.exec(resource) ?? []
  if (name === undefined) return false
  return allContainers(spec).some(
    (container) => containerAmounts(container, ranges)[kind === 'limits' ? 'limits' : 'requests'][name] === undefined,
  )
}

const textOf = (nano: bigint, like: QuantityText) => formatQuantity({ ...parseQuantity(like), nano })

function lineVerdict(
  quota: ResourceQuota,
  resource: string,
  { template, count, leaving }: Arrival,
  ranges: readonly LimitRange[],
): Verdict {
  const name = quota.metadata?.name ?? ''
  const { hard = quota.spec?.hard ?? {}, used = {} } = quota.status ?? {}
  const [most, spec] = [hard[resource], template.spec]
  const each = spec && usage(resource, spec, ranges)
  if (most === undefined || !spec || each === undefined) return pass('')
  if (unnamed(resource, spec, ranges))
    return refuse(
      'quota-exceeded',
      `The quota ${name} demands ${resource} of every container, and the new pod does not name it.`,
    )
  const wanted = each * BigInt(count)
  const inUse = parseQuantity(used[resource] ?? 0).nano
  const freed = leaving
    .filter((pod) => pod.spec && counts(quota, pod.spec, []) === true)
    .reduce((all, pod) => all + ((pod.spec && usage(resource, pod.spec, [])) ?? 0n), 0n)
  const free = parseQuantity(most).nano - inUse + freed
  if (wanted === 0n || wanted <= free) return pass('')
  return refuse(
    'quota-exceeded',
    `The quota ${name} has ${used[resource] ?? 0} of ${most} ${resource} in use; ${textOf(wanted, most)} more would be needed` +
      `${freed > 0n ? `, ${textOf(freed, most)} would be given back first` : ''}.`,
  )
}

function quotaVerdict(quota: ResourceQuota, arrival: Arrival, ranges: readonly LimitRange[]): Verdict {
  const { spec } = arrival.template
  if (!spec) return pass('')
  const isCounted = counts(quota, spec, ranges)
  if (isCounted === false) return pass('')
  const resources = Object.keys(quota.status?.hard ?? quota.spec?.hard ?? {})
  const verdict = gravest(
    resources.map((resource) => lineVerdict(quota, resource, arrival, ranges)),
    '',
  )
  return verdict.verdict === 'refused' && isCounted === 'unsure'
    ? doubt(`Whether the quota ${quota.metadata?.name} counts the new pod cannot be told by its scopes.`)
    : verdict
}

/** Have the namespace's quotas room for the pods that must come, once those that go for them are gone? */
export function checkQuota(arrivals: readonly Arrival[], { quotas, limitRanges }: Place): Verdict {
  if (!quotas.isKnown) return notReadable('The quotas of the namespace', quotas.why)
  const ranges = limitRanges.isKnown ? limitRanges.value : []
  return gravest(
    quotas.value
      .flatMap((quota) => arrivals.map((arrival) => quotaVerdict(quota, arrival, ranges)))
      .filter(({ verdict }) => verdict !== 'passed'),
    quotas.value.length === 0 ? 'The namespace has no quota.' : 'The quotas of the namespace have room.',
  )
}
