import { isTerminating } from '@kubewise/kube'
import type { Demand } from '../behaviour/demands.ts'
import { missingVolume } from './config-references.ts'
import { isInitDone } from './conditions.ts'
import { tell, type PodSync } from './context.ts'
import { endingOf, exit } from './exits.ts'
import { probe } from './probes.ts'
import { applyResize } from './resize.ts'
import { isSidecar, type ContainerRuntime } from './runtime.ts'
import { isRestarted, tryStart } from './start.ts'
import { stopPod } from './stop.ts'
import { useResources } from './usage.ts'

const LONGEST_MOUNT_MS = 122_000

/**
 * Moves one pod on: mounts, init containers one after the other, then all containers; each starts, runs, ends, waits.
 *
 * @param replicas how many siblings share the load
 */
export function syncPod(sync: PodSync, replicas: number): void {
  const { pod, runtime, ports } = sync
  const demand = ports.demands.of(pod)
  if (isTerminating(pod)) {
    for (const container of runtime.containers)
      if (container.phase === 'running') useResources(sync, container, undefined, replicas)
    return stopPod(sync)
  }
  if (runtime.generation !== (pod.metadata?.generation ?? 1) || runtime.resize) {
    runtime.generation = pod.metadata?.generation ?? 1
    runtime.isDirty = true
    applyResize(sync)
  }
  if (!hasVolumes(sync)) return
  for (const container of dueContainers(runtime.containers)) advance(sync, container, demand, replicas)
}

/** Init containers up to the first that is not done; all others once all are. */
function dueContainers(containers: readonly ContainerRuntime[]): ContainerRuntime[] {
  const open = containers.findIndex((one) => one.isInit && !isInitDone(one))
  const started = open === -1 ? containers : containers.slice(0, open + 1)
  return started.filter((one) => !one.isInit || isSidecar(one) || !isInitDone(one))
}

function hasVolumes(sync: PodSync): boolean {
  const { runtime, nowMs, objects, pod } = sync
  if (runtime.volumesReady) return true
  if (nowMs < runtime.nextMountMs) return false
  const missing = missingVolume(objects, pod)
  runtime.volumesReady = missing === undefined
  if (!missing) return true
  tell(sync, undefined, 'Warning', 'FailedMount', missing)
  runtime.nextMountMs = nowMs + runtime.mountDelayMs
  runtime.mountDelayMs = Math.min(LONGEST_MOUNT_MS, runtime.mountDelayMs * 2)
  return false
}

function advance(sync: PodSync, container: ContainerRuntime, demand: Demand | undefined, replicas: number): void {
  if (container.phase === 'running') run(sync, container, demand, replicas)
  else if (sync.nowMs >= container.nextSyncMs && (container.exit === undefined || isRestarted(sync, container)))
    tryStart(sync, container)
}

function run(sync: PodSync, container: ContainerRuntime, demand: Demand | undefined, replicas: number): void {
  const isOverLimit = useResources(sync, container, demand, replicas)
  const ending = endingOf(sync, container, demand, isOverLimit)
  if (!ending) return probe(sync, container)
  if (demand?.exitCode !== undefined) sync.ports.demands.exited(sync.pod)
  exit(sync, container, ending)
}
