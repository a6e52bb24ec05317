import { RESOURCES, type Pod } from '@kubewise/kube'
import { SECOND_MS } from '../time.ts'
import { tell, type PodSync } from './context.ts'
import { podStatus } from './status.ts'

const MANAGER = 'kubelet'
const SIGTERM_EXIT = 143

/** Stops a pod that is being deleted: asks its containers, waits for the slowest within the grace period, then lets it go. */
export function stopPod(sync: PodSync): void {
  const { runtime, pod, nowMs } = sync
  const running = runtime.containers.filter(({ phase }) => phase === 'running')
  if (runtime.stoppingSinceMs === undefined) {
    runtime.stoppingSinceMs = nowMs
    for (const container of running)
      tell(sync, container, 'Normal', 'Killing', `Stopping container ${container.spec.name}`)
  }
  const graceSeconds = pod.metadata?.deletionGracePeriodSeconds ?? 0
  const slowest = Math.max(0, ...running.map(({ behaviour }) => behaviour.stopSeconds))
  if (nowMs < runtime.stoppingSinceMs + Math.min(graceSeconds, slowest) * SECOND_MS) return
  for (const container of running) {
    const finished = { startedMs: container.startedMs, finishedMs: nowMs, containerId: container.containerId }
    container.phase = 'exited'
    container.isReady = false
    container.exit = { code: slowest > graceSeconds ? 137 : SIGTERM_EXIT, reason: 'Error', ...finished }
  }
  letGo(sync)
}

function letGo(sync: PodSync): void {
  const { objects, pod } = sync
  const { namespace, name = '' } = pod.metadata ?? {}
  objects.update<Pod>(RESOURCES.Pod, namespace, name, MANAGER, (found) => ({ ...found, status: podStatus(sync) }))
  if (!objects.get(RESOURCES.Pod, namespace, name)) return
  // With no grace left and no finalizer, this is what removes it.
  objects.update<Pod>(RESOURCES.Pod, namespace, name, MANAGER, (found) => ({
    ...found,
    metadata: { ...found.metadata, deletionGracePeriodSeconds: 0 },
  }))
}
