import {
  isPodReady,
  isTerminating,
  RESOURCES,
  type Condition,
  type HorizontalPodAutoscaler,
  type KubernetesObject,
  type Pod,
  type Resource,
} from '@kubewise/kube'
import { requestOf } from '../objects/amounts.ts'
import { withCondition } from '../objects/conditions.ts'
import { isSelected } from '../objects/selectors.ts'
import { writeStatus } from '../objects/write-status.ts'
import type { Reconcile, WorldPorts } from '../ports.ts'
import { dateOf, MINUTE_MS, SECOND_MS } from '../time.ts'

const MANAGER = 'kube-controller-manager'
const COMPONENT = 'horizontal-pod-autoscaler'
const SYNC_MS = 15 * SECOND_MS
const TOLERANCE = 0.1
const STABLE_MS = 5 * MINUTE_MS
const DEFAULT_UTILIZATION = 80

type Scalable = KubernetesObject & { spec?: { replicas?: number; selector?: { matchLabels?: Record<string, string> } } }
type Autoscaler = HorizontalPodAutoscaler

const SCALABLE: Record<string, Resource> = {
  Deployment: RESOURCES.Deployment,
  StatefulSet: RESOURCES.StatefulSet,
  ReplicaSet: RESOURCES.ReplicaSet,
}

/** What an autoscaler measured: mean use of CPU as a share of what was requested, in percent; or why it cannot. */
type Measurement = { utilization: number } | { reason: string; message: string }

/**
 * Scales by CPU utilization, the one metric it knows.
 *
 * @param cpuMilliOf present use of a pod, in thousandths of a core; undefined if it has no metrics
 */
export function createAutoscaler(
  { objects, events }: WorldPorts,
  cpuMilliOf: (uid: string) => number | undefined,
): Reconcile {
  const due = new Map<string, number>()
  const recommended = new Map<string, { atMs: number; replicas: number }[]>()

  function measure(target: Scalable): Measurement {
    const pods = objects
      .list<Pod>(RESOURCES.Pod, target.metadata?.namespace)
      .filter((pod) => isSelected(target.spec?.selector, pod) && isPodReady(pod))
    if (pods.length === 0)
      return { reason: 'FailedGetResourceMetric', message: 'no metrics returned from resource metrics API' }
    const lacking = pods.find((pod) => requestOf(pod, 'cpu') === 0)
    if (lacking)
      return {
        reason: 'FailedGetResourceMetric',
        message: `failed to get cpu utilization: missing request for cpu in container of Pod ${lacking.metadata?.name}`,
      }
    const used = pods.reduce((sum, pod) => sum + (cpuMilliOf(pod.metadata?.uid ?? '') ?? 0), 0)
    const requested = pods.reduce((sum, pod) => sum + requestOf(pod, 'cpu') * 1000, 0)
    return { utilization: Math.round((used / requested) * 100) }
  }

  /** The highest wish of the last five minutes: up at once, down slowly. */
  function stabilized(uid: string, replicas: number, nowMs: number): number {
    const recent = [
      ...(recommended.get(uid) ?? []).filter(({ atMs }) => nowMs - atMs < STABLE_MS),
      { atMs: nowMs, replicas },
    ]
    recommended.set(uid, recent)
    return Math.max(...recent.map((one) => one.replicas))
  }

  function reconcile(scaler: Autoscaler, nowMs: number): void {
    const reference = scaler.spec?.scaleTargetRef
    const resource = SCALABLE[reference?.kind ?? '']
    const target = resource && objects.get<Scalable>(resource, scaler.metadata?.namespace, reference?.name ?? '')
    if (!resource || !target)
      return fail(scaler, 'AbleToScale', 'FailedGetScale', `${reference?.kind} "${reference?.name}" not found`, nowMs)
    const current = target.spec?.replicas ?? 1
    if (current === 0) return
    const measured = measure(target)
    if ('reason' in measured) return fail(scaler, 'ScalingActive', measured.reason, measured.message, nowMs)
    const goal = utilizationGoal(scaler)
    const ratio = measured.utilization / goal
    const wish = Math.abs(ratio - 1) <= TOLERANCE ? current : Math.ceil(current * ratio)
    const { minReplicas = 1, maxReplicas = 1 } = scaler.spec ?? {}
    const stable = stabilized(scaler.metadata?.uid ?? '', wish, nowMs)
    const desired = Math.min(maxReplicas, Math.max(minReplicas, stable))
    if (desired !== current) rescale(scaler, resource, target, desired, measured.utilization > goal, nowMs)
    writeStatus(
      objects,
      RESOURCES.HorizontalPodAutoscaler,
      scaler,
      MANAGER,
      statusOf(scaler, current, desired, stable, measured.utilization, nowMs),
    )
  }

  function rescale(
    scaler: Autoscaler,
    resource: Resource,
    target: Scalable,
    replicas: number,
    isAbove: boolean,
    nowMs: number,
  ): void {
    objects.update<Scalable>(resource, target.metadata?.namespace, target.metadata?.name ?? '', MANAGER, (found) => ({
      ...found,
      spec: { ...found.spec, replicas },
    }))
    const why = isAbove ? 'cpu resource utilization (percentage of request) above target' : 'All metrics below target'
    events.record(nowMs, {
      about: scaler,
      type: 'Normal',
      reason: 'SuccessfulRescale',
      message: `New size: ${replicas}; reason: ${why}`,
      component: COMPONENT,
    })
  }

  function fail(scaler: Autoscaler, type: string, reason: string, message: string, nowMs: number): void {
    events.record(nowMs, { about: scaler, type: 'Warning', reason, message, component: COMPONENT })
    const conditions = withCondition(scaler.status?.conditions, { type, status: 'False', reason, message }, nowMs)
    writeStatus(objects, RESOURCES.HorizontalPodAutoscaler, scaler, MANAGER, { ...scaler.status, conditions })
  }

  return (nowMs) => {
    for (const scaler of objects.list<Autoscaler>(RESOURCES.HorizontalPodAutoscaler)) {
      const uid = scaler.metadata?.uid ?? ''
      if (isTerminating(scaler) || nowMs < (due.get(uid) ?? 0)) continue
      due.set(uid, nowMs + SYNC_MS)
      reconcile(scaler, nowMs)
    }
  }
}

function utilizationGoal({ spec }: Autoscaler): number {
  const goals = (spec?.metrics ?? []).map(
    (metric) =>
      (metric as { resource?: { target?: { averageUtilization?: number } } }).resource?.target?.averageUtilization,
  )
  return goals.find((goal) => goal !== undefined) ?? DEFAULT_UTILIZATION
}

function statusOf(
  scaler: Autoscaler,
  current: number,
  desired: number,
  wish: number,
  utilization: number,
  nowMs: number,
): NonNullable<Autoscaler['status']> {
  const { maxReplicas = 1 } = scaler.spec ?? {}
  const isLimited = wish !== desired
  const limited: Condition = isLimited
    ? wish > maxReplicas
      ? {
          type: 'ScalingLimited',
          status: 'True',
          reason: 'TooManyReplicas',
          message: 'the desired replica count is more than the maximum replica count',
        }
      : {
          type: 'ScalingLimited',
          status: 'True',
          reason: 'TooFewReplicas',
          message: 'the desired replica count is less than the minimum replica count',
        }
    : {
        type: 'ScalingLimited',
        status: 'False',
        reason: 'DesiredWithinRange',
        message: 'the desired count is within the acceptable range',
      }
  const active: Condition[] = [
    {
      type: 'AbleToScale',
      status: 'True',
      reason: 'ReadyForNewScale',
      message: 'recommended size matches current size',
    },
    {
      type: 'ScalingActive',
      status: 'True',
      reason: 'ValidMetricFound',
      message:
        'the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)',
    },
    limited,
  ]
  const lastScaleTime = desired === current ? scaler.status?.lastScaleTime : dateOf(nowMs)
  return {
    observedGeneration: scaler.metadata?.generation ?? 1,
    currentReplicas: current,
    desiredReplicas: desired,
    currentMetrics: [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: utilization } } }],
    conditions: active.reduce(
      (list, condition) => withCondition(list, condition, nowMs),
      scaler.status?.conditions ?? [],
    ),
    ...(lastScaleTime === undefined ? {} : { lastScaleTime }),
  }
}
