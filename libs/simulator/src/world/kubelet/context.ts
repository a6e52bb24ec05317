import type { Pod } from '@kubewise/kube'
import type { ObjectStore } from '../../port.ts'
import type { Demands } from '../behaviour/demands.ts'
import type { WorldPorts } from '../ports.ts'
import { SECOND_MS } from '../time.ts'
import type { ImageRegistry } from './image.ts'
import type { ContainerRuntime, PodRuntime } from './runtime.ts'

/** What a kubelet works with. */
export interface KubeletPorts extends WorldPorts {
  images: ImageRegistry
  demands: Demands
  /** Images that a node has pulled. */
  pulled(node: string): Set<string>
}

/** One look at one pod. */
export interface PodSync {
  ports: KubeletPorts
  objects: ObjectStore
  pod: Pod
  runtime: PodRuntime
  nowMs: number
  /** Since the last look. */
  elapsedMs: number
}

/** The kubelet comes back to a pod that had an error after 10 to 15 s. */
export function retryMs({ ports, nowMs }: PodSync): number {
  return nowMs + (10 + 5 * ports.random()) * SECOND_MS
}

/** `web-0_shop(uid)`, as the kubelet names a pod in messages. */
export function sayPod(pod: Pod): string {
  return `${pod.metadata?.name}_${pod.metadata?.namespace}(${pod.metadata?.uid})`
}

export function tell(
  sync: PodSync,
  container: ContainerRuntime | undefined,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
): void {
  const list = container?.isInit ? 'initContainers' : 'containers'
  sync.ports.events.record(sync.nowMs, {
    about: sync.pod,
    ...(container ? { fieldPath: `spec.${list}{${container.spec.name}}` } : {}),
    type,
    reason,
    message,
    component: 'kubelet',
    host: sync.pod.spec?.nodeName ?? '',
  })
}

/** Why a container waits. Says whether that is news. */
export function wait(sync: PodSync, container: ContainerRuntime, reason: string, message?: string): void {
  const isSame =
    container.phase === 'waiting' && container.waiting.reason === reason && container.waiting.message === message
  container.phase = 'waiting'
  container.waiting = { reason, ...(message === undefined ? {} : { message }) }
  if (!isSame) sync.runtime.isDirty = true
}
