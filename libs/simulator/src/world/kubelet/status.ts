import type { ContainerState, ContainerStateTerminated, ContainerStatus, Pod, PodStatus } from '@kubewise/kube'
import { qosClassOf } from '../objects/qos.ts'
import { dateOf } from '../time.ts'
import { podConditions } from './conditions.ts'
import type { PodSync } from './context.ts'
import { fullImageName, imageId } from './image.ts'
import { isSidecar, type ContainerRuntime, type Exit } from './runtime.ts'

type Phase = NonNullable<PodStatus['phase']>

function terminated({ code, reason, startedMs, finishedMs, containerId }: Exit): ContainerStateTerminated {
  return {
    exitCode: code,
    reason,
    startedAt: dateOf(startedMs),
    finishedAt: dateOf(finishedMs),
    containerID: containerId,
  }
}

function stateOf(container: ContainerRuntime): ContainerState {
  if (container.phase === 'running') return { running: { startedAt: dateOf(container.startedMs) } }
  if (container.phase === 'exited' && container.exit) return { terminated: terminated(container.exit) }
  return { waiting: { ...container.waiting } }
}

/** While a container waits to run again, its last run is the one that has just ended. */
function lastStateOf(container: ContainerRuntime): ContainerState {
  const last = container.phase === 'waiting' ? (container.exit ?? container.lastExit) : container.lastExit
  return last ? { terminated: terminated(last) } : {}
}

function containerStatus(container: ContainerRuntime): ContainerStatus {
  const { spec, granted, restartCount, phase } = container
  const image = spec.image ?? ''
  const hasStarted = container.containerId !== ''
  const isDone = container.isInit && !isSidecar(container) && container.exit?.code === 0
  return {
    name: spec.name,
    state: stateOf(container),
    lastState: lastStateOf(container),
    ready: container.isReady || isDone,
    restartCount,
    image: hasStarted ? fullImageName(image) : image,
    imageID: hasStarted ? imageId(image) : '',
    ...(hasStarted ? { containerID: container.containerId } : {}),
    started: phase === 'running',
    ...(hasStarted
      ? { resources: { ...granted }, ...(granted.requests ? { allocatedResources: { ...granted.requests } } : {}) }
      : {}),
  }
}

/** @see getPhase in pkg/kubelet of Kubernetes */
function phaseOf(pod: Pod, containers: readonly ContainerRuntime[]): Phase {
  const policy = pod.spec?.restartPolicy ?? 'Always'
  const main = containers.filter(({ isInit }) => !isInit)
  const init = containers.filter((one) => one.isInit && !isSidecar(one))
  if (policy === 'Never' && init.some(({ exit }) => exit && exit.code !== 0)) return 'Failed'
  if (init.some(({ exit }) => exit?.code !== 0)) return 'Pending'
  if (main.some((one) => one.containerId === '' && one.exit === undefined)) return 'Pending'
  const exits = main.map((one) => (one.phase === 'exited' ? one.exit : undefined))
  const isStopped = exits.every((exit) => exit !== undefined)
  if (!isStopped || policy === 'Always') return 'Running'
  const hasFailed = exits.some((exit) => exit?.code !== 0)
  if (policy === 'OnFailure') return hasFailed ? 'Running' : 'Succeeded'
  return hasFailed ? 'Failed' : 'Succeeded'
}

/** A pod's status as its kubelet reports it. */
export function podStatus(
  sync: PodSync,
  phase: Phase = phaseOf(sync.pod, sync.runtime.containers),
): PodStatus & { observedGeneration: number } {
  const { pod, runtime } = sync
  const init = runtime.containers.filter(({ isInit }) => isInit)
  return {
    ...pod.status,
    observedGeneration: runtime.generation,
    phase,
    conditions: podConditions(sync, phase),
    startTime: dateOf(runtime.startedMs),
    hostIP: runtime.hostIp,
    podIP: runtime.ip,
    qosClass: pod.status?.qosClass ?? qosClassOf(pod.spec ?? { containers: [] }),
    ...(init.length > 0 ? { initContainerStatuses: init.map(containerStatus) } : {}),
    containerStatuses: runtime.containers.filter(({ isInit }) => !isInit).map(containerStatus),
  }
}
