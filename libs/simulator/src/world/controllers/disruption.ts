import {
  conditionOf,
  controllerOf,
  isPodFinished,
  isTerminating,
  RESOURCES,
  type KubernetesObject,
  type Pod,
  type PodDisruptionBudget,
} from '@kubewise/kube'
import type { ObjectStore } from '../../port.ts'
import { resolveAmount } from '../objects/amounts.ts'
import { withCondition } from '../objects/conditions.ts'
import { workloadOf } from '../objects/owners.ts'
import { isSelected } from '../objects/selectors.ts'
import { writeStatus } from '../objects/write-status.ts'
import type { Reconcile, WorldPorts } from '../ports.ts'
import { MINUTE_MS } from '../time.ts'

const MANAGER = 'kube-controller-manager'
const COMPONENT = 'controllermanager'
const EVICTION_MS = 2 * MINUTE_MS

type Status = NonNullable<PodDisruptionBudget['status']>
type Scalable = KubernetesObject & { spec?: { replicas?: number }; status?: { desiredNumberScheduled?: number } }

/** How many pods the workloads behind the selected pods want together. */
function expectedPods(objects: ObjectStore, pods: readonly Pod[]): number {
  const workloads = new Map<string, Scalable>()
  for (const pod of pods) {
    const workload: Scalable = workloadOf(objects, pod)
    workloads.set(workload.metadata?.uid ?? '', workload)
  }
  return Array.from(workloads.values()).reduce((sum, { kind, spec, status }) => {
    if (kind === 'Pod') return sum
    return sum + (kind === 'DaemonSet' ? (status?.desiredNumberScheduled ?? 0) : (spec?.replicas ?? 1))
  }, 0)
}

function desiredHealthy({ spec = {} }: PodDisruptionBudget, expected: number): number {
  if (spec.maxUnavailable !== undefined)
    return Math.max(0, expected - resolveAmount(spec.maxUnavailable, expected, 'up'))
  return resolveAmount(spec.minAvailable ?? 1, expected, 'up')
}

/** Evictions that were granted and whose pods are still there; each is forgotten after two minutes. */
function stillDisrupted(budget: PodDisruptionBudget, pods: readonly Pod[], nowMs: number): Record<string, string> {
  const staying = new Set(pods.filter((pod) => !isTerminating(pod)).map(({ metadata }) => metadata?.name))
  return Object.fromEntries(
    Object.entries(budget.status?.disruptedPods ?? {}).filter(
      ([name, time]) => staying.has(name) && Date.parse(time) + EVICTION_MS > nowMs,
    ),
  )
}

/** Says for each PodDisruptionBudget how many of its pods may be evicted now. @see pkg/controller/disruption of Kubernetes */
export function createDisruptionController({ objects, events }: WorldPorts): Reconcile {
  function reconcile(budget: PodDisruptionBudget, nowMs: number): void {
    const pods = objects
      .list<Pod>(RESOURCES.Pod, budget.metadata?.namespace)
      .filter((pod) => isSelected(budget.spec?.selector, pod) && !isPodFinished(pod))
    if (pods.length === 0 && (budget.status?.observedGeneration ?? 0) < (budget.metadata?.generation ?? 1))
      events.record(nowMs, {
        about: budget,
        type: 'Normal',
        reason: 'NoPods',
        message: 'No matching pods found',
        component: COMPONENT,
      })
    const hasMinimum = budget.spec?.maxUnavailable === undefined && typeof budget.spec?.minAvailable === 'number'
    const expected = hasMinimum
      ? pods.length
      : expectedPods(
          objects,
          pods.filter((pod) => controllerOf(pod)),
        )
    const disruptedPods = stillDisrupted(budget, pods, nowMs)
    const healthy = pods.filter((pod) => isHealthy(pod) && disruptedPods[pod.metadata?.name ?? ''] === undefined).length
    writeStatus(
      objects,
      RESOURCES.PodDisruptionBudget,
      budget,
      MANAGER,
      statusOf(budget, expected, healthy, disruptedPods, nowMs),
    )
  }

  return (nowMs) => {
    for (const budget of objects.list<PodDisruptionBudget>(RESOURCES.PodDisruptionBudget)) reconcile(budget, nowMs)
  }
}

function isHealthy(pod: Pod): boolean {
  return !isTerminating(pod) && conditionOf(pod, 'Ready')?.status === 'True'
}

function statusOf(
  budget: PodDisruptionBudget,
  expectedPods: number,
  currentHealthy: number,
  disruptedPods: Record<string, string>,
  nowMs: number,
): Status {
  const wanted = desiredHealthy(budget, expectedPods)
  const disruptionsAllowed = expectedPods === 0 ? 0 : Math.max(0, currentHealthy - wanted)
  const conditions = withCondition(
    budget.status?.conditions,
    {
      type: 'DisruptionAllowed',
      status: disruptionsAllowed > 0 ? 'True' : 'False',
      reason: disruptionsAllowed > 0 ? 'SufficientPods' : 'InsufficientPods',
      message: '',
      observedGeneration: budget.metadata?.generation ?? 1,
    },
    nowMs,
  )
  return {
    observedGeneration: budget.metadata?.generation ?? 1,
    disruptionsAllowed,
    currentHealthy,
    desiredHealthy: wanted,
    expectedPods,
    ...(Object.keys(disruptedPods).length > 0 ? { disruptedPods } : {}),
    conditions,
  }
}
