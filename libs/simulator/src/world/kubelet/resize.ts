import {
  isPodFinished,
  RESOURCES,
  type Container,
  type Node,
  type Pod,
  type ResourceRequirements,
} from '@kubewise/kube'
import { isSameJson } from '../../objects/json.ts'
import { amountOf, requestOf } from '../objects/amounts.ts'
import { tell, type PodSync } from './context.ts'
import { exit } from './exits.ts'
import type { ContainerRuntime } from './runtime.ts'

const COUNTED = ['cpu', 'memory'] as const

function wishes(pod: Pod): Map<string, Container> {
  return new Map(
    [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].map((container) => [
      container.name,
      container,
    ]),
  )
}

/** Takes over resources that were changed in place, if the node has room for them. @see pkg/kubelet/allocation of Kubernetes */
export function applyResize(sync: PodSync): void {
  const { runtime, pod } = sync
  const wished = wishes(pod)
  const changed = runtime.containers.filter(
    (container) => !isSameJson(wished.get(container.spec.name)?.resources ?? {}, container.granted),
  )
  const before = runtime.resize
  runtime.resize = changed.length > 0 ? whyNot(sync) : undefined
  if (runtime.resize?.reason !== before?.reason) runtime.isDirty = true
  if (runtime.resize) {
    if (!before) tell(sync, undefined, 'Warning', `Resize${runtime.resize.reason}`, runtime.resize.message)
    return
  }
  for (const container of changed) grant(sync, container, wished.get(container.spec.name)?.resources ?? {})
  if (changed.length > 0) tell(sync, undefined, 'Normal', 'ResizeCompleted', 'Pod resize completed')
}

function grant(sync: PodSync, container: ContainerRuntime, resources: ResourceRequirements): void {
  const isRestarting = COUNTED.some(
    (name) =>
      container.spec.resizePolicy?.some(
        ({ resourceName, restartPolicy }) => resourceName === name && restartPolicy === 'RestartContainer',
      ) && resources.limits?.[name] !== container.granted.limits?.[name],
  )
  container.granted = resources
  // The resources are part of the key that the wait after a crash belongs to.
  container.crashBackOff.reset()
  container.nextSyncMs = Math.min(container.nextSyncMs, sync.nowMs)
  sync.runtime.isDirty = true
  if (isRestarting && container.phase === 'running') exit(sync, container, { code: 137, reason: 'Error' })
}

/** Whether the node lacks room for the pod as it wishes to be: now (deferred), or ever (infeasible). */
function whyNot({ pod, objects }: PodSync): { reason: 'Deferred' | 'Infeasible'; message: string } | undefined {
  const node = objects.get<Node>(RESOURCES.Node, undefined, pod.spec?.nodeName ?? '')
  const others = objects
    .list<Pod>(RESOURCES.Pod)
    .filter(
      (one) =>
        one.spec?.nodeName === pod.spec?.nodeName && one.metadata?.uid !== pod.metadata?.uid && !isPodFinished(one),
    )
  for (const name of COUNTED) {
    const allocatable = amountOf(node?.status?.allocatable?.[name]) ?? Number.POSITIVE_INFINITY
    const wanted = requestOf(pod, name)
    const used = others.reduce((sum, one) => sum + requestOf(one, name), 0)
    if (wanted > allocatable)
      return {
        reason: 'Infeasible',
        message: `Node didn't have enough capacity: ${name}, requested: ${wanted}, capacity: ${allocatable}`,
      }
    if (wanted + used > allocatable)
      return {
        reason: 'Deferred',
        message: `Node didn't have enough resource: ${name}, requested: ${wanted}, used: ${used}, capacity: ${allocatable}`,
      }
  }
  return undefined
}
