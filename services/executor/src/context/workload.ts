import type { Target } from '@kubewise/contracts'
import {
  controllerOf,
  isPodFinished,
  isTerminating,
  RESOURCES,
  revisionsOf,
  type ControllerRevision,
  type DaemonSet,
  type Deployment,
  type HorizontalPodAutoscaler,
  type Kube,
  type KubernetesObject,
  type LabelSelector,
  type Namespace,
  type Pod,
  type PodDisruptionBudget,
  type ReplicaSet,
  type Resource,
  type Revision,
  type RolloutWorkload,
  type StatefulSet,
} from '@kubewise/kube'
import { WORKLOAD_KINDS } from '@kubewise/policy'

/** A workload and what belongs to it, as the API server tells it at this moment. */
export interface WorkloadView {
  workload: RolloutWorkload
  /** Oldest first; the current one is missing for a moment after a change. */
  revisions: Revision[]
  /** Its own, those that ended or are being deleted left out. */
  pods: Pod[]
}

/** What stands around it and decides with it. */
export interface Surroundings {
  namespace: Namespace | undefined
  budgets: PodDisruptionBudget[]
  hasAutoscaler: boolean
}

/** Where a kind lies in the API; undefined for a kind that is not known. */
export function resourceOfKind(kind: string): Resource | undefined {
  return Object.values<Resource>(RESOURCES).find((resource) => resource.kind === kind && resource.plural !== 'events')
}

export const refOf = ({ namespace, name }: { namespace: string; name: string }) =>
  namespace === '' ? { name } : { namespace, name }

/** A selector as the API's list takes it; an empty one selects nothing here, since no workload selects everything. */
export function selectorText(selector: LabelSelector | undefined): string | undefined {
  const equal = Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`)
  const others = (selector?.matchExpressions ?? []).map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return key
    if (operator === 'DoesNotExist') return `!${key}`
    return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values.join(',')})`
  })
  const parts = [...equal, ...others]
  return parts.length === 0 ? undefined : parts.join(',')
}

async function childrenOf(
  kube: Kube,
  workload: RolloutWorkload,
  namespace: string,
): Promise<(ReplicaSet | ControllerRevision)[]> {
  const resource = workload.kind === 'Deployment' ? RESOURCES.ReplicaSet : RESOURCES.ControllerRevision
  const labelSelector = selectorText(workload.spec?.selector)
  const { items } = await kube.list<ReplicaSet | ControllerRevision>(resource, {
    namespace,
    ...(labelSelector && { labelSelector }),
  })
  return items.filter((child) => controllerOf(child)?.uid === workload.metadata?.uid)
}

async function podsOf(kube: Kube, workload: RolloutWorkload, namespace: string): Promise<Pod[]> {
  const labelSelector = selectorText(workload.spec?.selector)
  if (labelSelector === undefined) return []
  const { items } = await kube.list<Pod>(RESOURCES.Pod, { namespace, labelSelector })
  return items.filter((pod) => !isTerminating(pod) && !isPodFinished(pod))
}

/** Pods whose controller is the workload, or one of its ReplicaSets: a selector alone may match a stranger's. */
function ownPods(workload: RolloutWorkload, children: readonly KubernetesObject[], pods: Pod[]): Pod[] {
  const owners = new Set([workload.metadata?.uid, ...children.map(({ metadata }) => metadata?.uid)])
  return pods.filter((pod) => owners.has(controllerOf(pod)?.uid))
}

/** Reads a workload with its revisions and pods. @returns undefined when it is gone. @throws KubeError */
export async function readWorkload(kube: Kube, { kind, namespace, name }: Target): Promise<WorkloadView | undefined> {
  const resource = resourceOfKind(kind)
  if (!resource || !WORKLOAD_KINDS.includes(kind)) return undefined
  const workload = await kube.get<RolloutWorkload>(resource, { namespace, name })
  if (!workload) return undefined
  const [children, pods] = await Promise.all([childrenOf(kube, workload, namespace), podsOf(kube, workload, namespace)])
  return {
    workload,
    revisions: revisionsOf(workload, children),
    pods: ownPods(workload, children, pods),
  }
}

function matches(selector: LabelSelector | undefined, labels: Readonly<Record<string, string>>): boolean {
  const equal = Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => labels[key] === value)
  return (
    equal &&
    (selector?.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
      const value = labels[key]
      if (operator === 'Exists') return value !== undefined
      if (operator === 'DoesNotExist') return value === undefined
      return (operator === 'In') === (value !== undefined && values.includes(value))
    })
  )
}

/** Reads what stands around a target. @throws KubeError */
export async function readSurroundings(
  kube: Kube,
  target: Target,
  labels: Readonly<Record<string, string>>,
): Promise<Surroundings> {
  const { namespace, kind, name } = target
  if (namespace === '') return { namespace: undefined, budgets: [], hasAutoscaler: false }
  const [found, budgets, autoscalers] = await Promise.all([
    kube.get<Namespace>(RESOURCES.Namespace, { name: namespace }),
    kube.list<PodDisruptionBudget>(RESOURCES.PodDisruptionBudget, { namespace }),
    kube.list<HorizontalPodAutoscaler>(RESOURCES.HorizontalPodAutoscaler, { namespace }),
  ])
  return {
    namespace: found,
    budgets: budgets.items.filter(({ spec }) => matches(spec?.selector, labels)),
    hasAutoscaler: autoscalers.items.some(
      ({ spec }) => spec?.scaleTargetRef?.kind === kind && spec.scaleTargetRef.name === name,
    ),
  }
}

/** The kinds that have rollouts. */
export const WORKLOAD_RESOURCES = [RESOURCES.Deployment, RESOURCES.StatefulSet, RESOURCES.DaemonSet] as const

/** How many pods of a workload are ready, by its own status. */
export function readyOf(workload: RolloutWorkload): number {
  return (isDaemonSet(workload) ? workload.status?.numberReady : workload.status?.readyReplicas) ?? 0
}

/** How many pods there should be. */
export function wantedOf({ workload }: Pick<WorkloadView, 'workload'>): number {
  if (isDaemonSet(workload)) return workload.status?.desiredNumberScheduled ?? 0
  return workload.spec && 'replicas' in workload.spec ? (workload.spec.replicas ?? 1) : 1
}

export const isDeployment = (workload: RolloutWorkload): workload is Deployment => workload.kind === 'Deployment'
export const isStatefulSet = (workload: RolloutWorkload): workload is StatefulSet => workload.kind === 'StatefulSet'
export const isDaemonSet = (workload: RolloutWorkload): workload is DaemonSet => workload.kind === 'DaemonSet'
