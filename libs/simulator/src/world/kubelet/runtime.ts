import type { Container, Pod, ResourceRequirements } from '@kubewise/kube'
import { behaviourOf, type Behaviour } from '../behaviour/behaviour.ts'
import { createBackOff, type BackOff } from './back-off.ts'

/** How one run of a container ended. */
export interface Exit {
  code: number
  reason: 'Completed' | 'Error' | 'OOMKilled'
  startedMs: number
  finishedMs: number
  containerId: string
}

/** What a container has used, since its cgroup was made. */
export interface Usage {
  cpuSeconds: number
  /** Present rate, in thousandths of a core. */
  cpuMilli: number
  memoryBytes: number
  periods: number
  throttledPeriods: number
  throttledSeconds: number
  noise: number
}

export type ContainerPhase = 'waiting' | 'running' | 'exited'

export interface ContainerRuntime {
  spec: Container
  behaviour: Behaviour
  mistakes: string[]
  isInit: boolean
  phase: ContainerPhase
  waiting: { reason: string; message?: string }
  startedMs: number
  containerId: string
  isReady: boolean
  exit: Exit | undefined
  lastExit: Exit | undefined
  restartCount: number
  /** OOM kills of the pod's cgroup of this container; outlives restarts. */
  oomKills: number
  crashBackOff: BackOff
  pullBackOff: BackOff
  pullFailure: string | undefined
  /** A pull that is under way. */
  pullEndsMs: number | undefined
  /** The kubelet looks at it again then; before, nothing happens. */
  nextSyncMs: number
  /** A probe that keeps failing is told about again then. */
  nextProbeMs: number
  failedProbes: number
  /** What the kubelet has granted; follows the spec by an in-place resize. */
  granted: ResourceRequirements
  usage: Usage
  /** Since when this run lacks the Service it needs. */
  lonelySinceMs: number | undefined
}

export interface PodRuntime {
  uid: string
  startedMs: number
  ip: string
  hostIp: string
  containers: ContainerRuntime[]
  volumesReady: boolean
  nextMountMs: number
  mountDelayMs: number
  stoppingSinceMs: number | undefined
  /** Something has changed that the pod's status should say. */
  isDirty: boolean
  generation: number
  resize: { reason: 'Deferred' | 'Infeasible'; message: string } | undefined
}

const NO_USAGE: Usage = {
  cpuSeconds: 0,
  cpuMilli: 0,
  memoryBytes: 0,
  periods: 0,
  throttledPeriods: 0,
  throttledSeconds: 0,
  noise: 0,
}

function containerRuntime(pod: Pod, spec: Container, isInit: boolean): ContainerRuntime {
  const { behaviour, mistakes } = behaviourOf(pod.metadata?.annotations, spec)
  const runsOnce = isInit && spec.restartPolicy !== 'Always' && behaviour.crashAfterSeconds === undefined
  return {
    spec,
    behaviour: runsOnce ? { ...behaviour, crashAfterSeconds: 1, exitCode: 0 } : behaviour,
    mistakes,
    isInit,
    phase: 'waiting',
    waiting: { reason: (pod.spec?.initContainers ?? []).length > 0 ? 'PodInitializing' : 'ContainerCreating' },
    startedMs: 0,
    containerId: '',
    isReady: false,
    exit: undefined,
    lastExit: undefined,
    restartCount: 0,
    oomKills: 0,
    crashBackOff: createBackOff(),
    pullBackOff: createBackOff(),
    pullFailure: undefined,
    pullEndsMs: undefined,
    nextSyncMs: 0,
    nextProbeMs: 0,
    failedProbes: 0,
    granted: spec.resources ?? {},
    usage: { ...NO_USAGE },
    lonelySinceMs: undefined,
  }
}

/** A pod that the kubelet has just been told about. */
export function podRuntime(pod: Pod, ip: string, hostIp: string, nowMs: number): PodRuntime {
  return {
    uid: pod.metadata?.uid ?? '',
    startedMs: nowMs,
    ip,
    hostIp,
    containers: [
      ...(pod.spec?.initContainers ?? []).map((spec) => containerRuntime(pod, spec, true)),
      ...(pod.spec?.containers ?? []).map((spec) => containerRuntime(pod, spec, false)),
    ],
    volumesReady: false,
    nextMountMs: 0,
    mountDelayMs: 500,
    stoppingSinceMs: undefined,
    isDirty: true,
    generation: pod.metadata?.generation ?? 1,
    resize: undefined,
  }
}

/** Sidecars are init containers that keep running. */
export const isSidecar = ({ isInit, spec }: ContainerRuntime) => isInit && spec.restartPolicy === 'Always'

/** A new run begins with nothing used; the cgroup of the last one is gone. */
export function resetUsage(container: ContainerRuntime): void {
  container.usage = { ...NO_USAGE, noise: container.usage.noise }
}
