import { RESOURCES, type EndpointSlice } from '@kubewise/kube'
import type { Demand } from '../behaviour/demands.ts'
import { SECOND_MS } from '../time.ts'
import { environmentOf } from './config-references.ts'
import type { PodSync } from './context.ts'
import type { ContainerRuntime, Exit } from './runtime.ts'

/** A process that is set up wrongly notices it this long after its start. */
const NOTICES_MS = 2 * SECOND_MS
/** How long a process tries to reach what it needs before it gives up. */
const PATIENCE_MS = 12 * SECOND_MS

export interface Ending {
  code: number
  reason: Exit['reason']
}

const CRASH: Ending = { code: 1, reason: 'Error' }
const OUT_OF_MEMORY: Ending = { code: 137, reason: 'OOMKilled' }

/** How a running container ends now; undefined if it runs on. */
export function endingOf(
  sync: PodSync,
  container: ContainerRuntime,
  demand: Demand | undefined,
  isOverLimit: boolean,
): Ending | undefined {
  const ageMs = sync.nowMs - container.startedMs
  const { behaviour } = container
  if (isOverLimit) return OUT_OF_MEMORY
  if (demand?.exitCode !== undefined && demand.sinceMs >= container.startedMs) return withCode(demand.exitCode)
  if (ageMs >= NOTICES_MS && lacksEnvironment(sync, container)) return CRASH
  if (hasGivenUp(sync, container)) return CRASH
  if (behaviour.crashAfterSeconds !== undefined && ageMs >= behaviour.crashAfterSeconds * SECOND_MS)
    return withCode(behaviour.exitCode)
  return undefined
}

function withCode(code: number): Ending {
  return { code, reason: code === 0 ? 'Completed' : 'Error' }
}

function lacksEnvironment(sync: PodSync, { behaviour, spec }: ContainerRuntime): boolean {
  const required = Object.entries(behaviour.requiresEnv)
  if (required.length === 0) return false
  const environment = environmentOf(sync.objects, sync.pod.metadata?.namespace ?? '', spec)
  return required.some(
    ([name, value]) => environment[name] === undefined || (value !== '*' && environment[name] !== value),
  )
}

function lacksService(sync: PodSync, { behaviour }: ContainerRuntime): boolean {
  if (behaviour.requiresService === undefined) return false
  const slices = sync.objects.list<EndpointSlice>(RESOURCES.EndpointSlice, sync.pod.metadata?.namespace)
  return !slices.some(
    ({ metadata, endpoints = [] }) =>
      metadata?.labels?.['kubernetes.io/service-name'] === behaviour.requiresService &&
      endpoints.some(({ conditions }) => conditions?.ready !== false),
  )
}

/** A process without the Service it needs is not ready, and exits when it has tried for long enough. */
function hasGivenUp(sync: PodSync, container: ContainerRuntime): boolean {
  if (!lacksService(sync, container)) {
    container.lonelySinceMs = undefined
    return false
  }
  container.lonelySinceMs ??= sync.nowMs
  return sync.nowMs - container.lonelySinceMs >= PATIENCE_MS
}

/** Ends a run. The status says so until the container runs again. */
export function exit(sync: PodSync, container: ContainerRuntime, { code, reason }: Ending): void {
  container.phase = 'exited'
  container.isReady = false
  container.exit = {
    code,
    reason,
    startedMs: container.startedMs,
    finishedMs: sync.nowMs,
    containerId: container.containerId,
  }
  if (reason === 'OOMKilled') container.oomKills++
  container.nextSyncMs = sync.nowMs + SECOND_MS
  sync.runtime.isDirty = true
}
