import {
  conditionOf,
  isPodReady,
  isTerminating,
  timeMs,
  type Container,
  type ContainerStatus,
  type Pod,
} from '@kubewise/kube'
import type { Context } from './context.ts'
import { eventCount, eventsAbout, eventTimeMs, noteOf } from './events.ts'
import {
  imageProblemOf,
  isMultiAttach,
  missingOf,
  overRequestOf,
  probeOf,
  schedulingProblemsOf,
  type Missing,
} from './messages.ts'
import { isNodeReady } from './node-facts.ts'
import type { PodSurroundings } from './pod-facts.ts'
import { configurationReferences } from './template-references.ts'
import { usesOverRequest } from './usage.ts'

const SECOND = 1000
/** A probe that failed longer ago than this does not fail now. */
const PROBE_FRESH_MS = 5 * 60 * SECOND
/** An init container that runs longer than this does not end by itself soon. */
const INIT_PATIENCE_MS = 60 * SECOND
/** The kubelet sets the Ready condition when it first sees a pod, and then only when it changes. */
const FIRST_STATUS_MS = 5 * SECOND
const KILLED_EXITS: ReadonlySet<number> = new Set([137, 143])
const DEFAULT_FAILURE_THRESHOLD = 3

type World = Pick<Context, 'nowMs' | 'events' | 'nodes' | 'usage'>

const statusesOf = ({ status }: Pod): readonly ContainerStatus[] => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
]

const messagesOf = (events: World['events'], pod: Pod, reason: string) =>
  eventsAbout(events, pod, reason, 'kubelet').map(noteOf)

const PULL_FAILED = /^Failed to pull image "/

/** By the container's own waiting reason and message; the kubelet's Events only tell more of it. */
export function imageProblem(pod: Pod, { events }: Pick<World, 'events'>): string {
  for (const { state } of statusesOf(pod)) {
    const { reason = '', message = '' } = state?.waiting ?? {}
    const pulls = messagesOf(events, pod, 'Failed').filter((note) => PULL_FAILED.test(note))
    const problem = imageProblemOf(reason, [message, ...pulls])
    if (problem) return problem
  }
  return ''
}

/** By the pod's condition PodScheduled, which the scheduler writes. */
function schedulingProblem(pod: Pod): string {
  const scheduled = conditionOf(pod, 'PodScheduled')
  if (scheduled?.status !== 'False' || scheduled.reason === 'SchedulingGated') return ''
  return schedulingProblemsOf(scheduled.message ?? '')[0] ?? 'other'
}

const textOf = ({ kind, name, key }: Missing) => `${kind}/${name}${key === '' ? '' : `:${key}`}`

/** What the kubelet names, only where the pod's own template names it too. */
function confirmed(pod: Pod, missing: Missing): Missing | undefined {
  const references = configurationReferences(pod.spec, missing.kind)
  if (missing.name !== '') return references.some(({ name }) => name === missing.name) ? missing : undefined
  const only = new Set(references.map(({ name }) => name))
  return only.size === 1 ? { ...missing, name: [...only][0] ?? '' } : undefined
}

/** By the container's waiting message; a mount's by Events alone, while the pod waits for it. */
export function missingIn(pod: Pod, { events }: Pick<World, 'events'>): Missing | undefined {
  if (isTerminating(pod) || isPodReady(pod)) return undefined
  const waits = statusesOf(pod).flatMap(({ state }) => state?.waiting ?? [])
  const own = waits.filter(({ reason }) => reason === 'CreateContainerConfigError').map(({ message = '' }) => message)
  const isMounting = waits.some(({ reason }) => reason === 'ContainerCreating' || reason === 'PodInitializing')
  const mounts = isMounting ? messagesOf(events, pod, 'FailedMount') : []
  for (const message of [...own, ...mounts]) {
    const missing = missingOf(message)
    const known = missing && confirmed(pod, missing)
    if (known) return known
  }
  return undefined
}

const statusOf = (pod: Pod, { name }: Container) => pod.status?.containerStatuses?.find((each) => each.name === name)

/** The kubelet's word that this probe of the pod failed, lately. */
function failures({ events, nowMs }: World, pod: Pod, probe: string) {
  return eventsAbout(events, pod, 'Unhealthy', 'kubelet').filter(
    (event) => probeOf(noteOf(event)) === probe && nowMs - (eventTimeMs(event) ?? 0) < PROBE_FRESH_MS,
  )
}

/** Was a container ended by the kubelet for its liveness or startup probe? By Events, where its death agrees; never one for memory. */
function killedFor(pod: Pod, world: World): 'liveness' | 'startup' | undefined {
  for (const container of pod.spec?.containers ?? []) {
    const status = statusOf(pod, container)
    const death = status?.state?.terminated ?? status?.lastState?.terminated
    if (!death || death.reason === 'OOMKilled') continue
    for (const probe of ['startup', 'liveness'] as const) {
      const spec = probe === 'liveness' ? container.livenessProbe : container.startupProbe
      if (!spec) continue
      const seen = failures(world, pod, probe).reduce((sum, event) => sum + eventCount(event), 0)
      // One that ends well when it is told to may leave with any code; then it takes as many failures as the probe allows.
      const needed = KILLED_EXITS.has(death.exitCode) ? 1 : (spec.failureThreshold ?? DEFAULT_FAILURE_THRESHOLD)
      if (seen >= needed) return probe
    }
  }
  return undefined
}

/** By state: a container that runs and is not started or not ready has a probe that fails. Liveness by its kills. */
function failingProbe(pod: Pod, killed: string | undefined): string {
  if (isTerminating(pod)) return ''
  if (killed !== undefined) return killed
  for (const container of pod.spec?.containers ?? []) {
    const status = statusOf(pod, container)
    if (status?.state?.running === undefined || status.ready) continue
    if (container.startupProbe && status.started === false) return 'startup'
    if (container.readinessProbe) return 'readiness'
  }
  return ''
}

/** Runs and was never ready, by its condition, which did not change since its first status. */
function isNeverReady(pod: Pod): boolean {
  if (pod.status?.phase !== 'Running' || isPodReady(pod) || isTerminating(pod)) return false
  const sinceMs = timeMs(conditionOf(pod, 'Ready')?.lastTransitionTime)
  const startMs = timeMs(pod.status.startTime) ?? timeMs(pod.metadata?.creationTimestamp)
  return sinceMs !== undefined && startMs !== undefined && sinceMs - startMs <= FIRST_STATUS_MS
}

function isInitializing(pod: Pod, nowMs: number): boolean {
  if (pod.status?.phase !== 'Pending' || isTerminating(pod)) return false
  return (pod.status.initContainerStatuses ?? []).some(({ name, state, started }) => {
    const spec = pod.spec?.initContainers?.find((each) => each.name === name)
    const isSidecar = spec?.restartPolicy === 'Always' && started === true
    const sinceMs = timeMs(state?.running?.startedAt)
    return !isSidecar && sinceMs !== undefined && nowMs - sinceMs >= INIT_PATIENCE_MS
  })
}

/** By Events of the attach controller, while a pod that mounts a claim does not start. */
function isMultiAttached(pod: Pod, { events }: World): boolean {
  const isWaiting = pod.status?.phase === 'Pending' && !isTerminating(pod)
  const hasClaim = (pod.spec?.volumes ?? []).some(({ persistentVolumeClaim }) => persistentVolumeClaim !== undefined)
  if (!isWaiting || !hasClaim) return false
  return eventsAbout(events, pod, 'FailedAttachVolume', 'attach-detach').some((event) => isMultiAttach(noteOf(event)))
}

/** Preempted and disrupted pods keep only a condition; the others have a reason of their own. */
function reasonOf(pod: Pod): string {
  const disruption = conditionOf(pod, 'DisruptionTarget')
  const isPreempted = disruption?.status === 'True' && disruption.reason === 'PreemptionByScheduler'
  return pod.status?.reason ?? (isPreempted ? 'Preempting' : '')
}

/**
 * What of a pod its conditions, its containers' messages and the Events regarding it tell. Rest on Events with the state's
 * agreement, and not on state alone: `killedByProbe` (and `failingProbe` liveness), `multiAttach`, and `missing` of a mount.
 */
export function podSurroundings(pod: Pod, world: World): PodSurroundings {
  const missing = missingIn(pod, world)
  const killed = killedFor(pod, world)
  return {
    reason: reasonOf(pod),
    initializing: isInitializing(pod, world.nowMs),
    imageProblem: isTerminating(pod) ? '' : imageProblem(pod, world),
    schedulingProblem: isTerminating(pod) ? '' : schedulingProblem(pod),
    missing: missing ? textOf(missing) : '',
    failingProbe: failingProbe(pod, killed),
    killedByProbe: killed !== undefined,
    neverReady: isNeverReady(pod),
    overRequest: overRequestOf(pod.status?.message ?? '') !== undefined || usesOverRequest(pod, world),
    multiAttach: isMultiAttached(pod, world),
    nodeReady: isNodeReady(pod.spec?.nodeName, world),
  }
}
