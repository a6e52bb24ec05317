import type { Probe } from '@kubewise/kube'
import { SECOND_MS } from '../time.ts'
import { tell, type PodSync } from './context.ts'
import { exit } from './exits.ts'
import type { ContainerRuntime } from './runtime.ts'

const DEFAULT_PERIOD_SECONDS = 10
const DEFAULT_FAILURES = 3

/** What a probe of a process that does not answer says. */
function sayFailure(probe: Probe): string {
  if (probe.exec) return 'command timed out'
  if (probe.tcpSocket) return 'dial tcp: connect: connection refused'
  return 'HTTP probe failed with statuscode: 503'
}

function isResponsive({ behaviour, startedMs }: ContainerRuntime, nowMs: number): boolean {
  return (
    behaviour.unresponsiveAfterSeconds === undefined ||
    nowMs - startedMs < behaviour.unresponsiveAfterSeconds * SECOND_MS
  )
}

/** Asks a running container whether it is ready and alive. One whose liveness probe fails too often is killed. */
export function probe(sync: PodSync, container: ContainerRuntime): void {
  const { nowMs } = sync
  const { spec, behaviour, startedMs } = container
  const answers = isResponsive(container, nowMs)
  const isReady =
    nowMs - startedMs >= behaviour.readyAfterSeconds * SECOND_MS &&
    (answers || !spec.readinessProbe) &&
    container.lonelySinceMs === undefined
  if (isReady !== container.isReady) {
    container.isReady = isReady
    sync.runtime.isDirty = true
  }
  if (!isReady && spec.readinessProbe && isDue(container, spec.readinessProbe, nowMs))
    tell(sync, container, 'Warning', 'Unhealthy', `Readiness probe failed: ${sayFailure(spec.readinessProbe)}`)
  if (!answers && spec.livenessProbe) checkLiveness(sync, container, spec.livenessProbe)
}

function isDue(
  container: ContainerRuntime,
  { initialDelaySeconds = 0, periodSeconds = DEFAULT_PERIOD_SECONDS }: Probe,
  nowMs: number,
): boolean {
  if (nowMs < Math.max(container.nextProbeMs, container.startedMs + initialDelaySeconds * SECOND_MS + SECOND_MS))
    return false
  container.nextProbeMs = nowMs + periodSeconds * SECOND_MS
  return true
}

function checkLiveness(sync: PodSync, container: ContainerRuntime, liveness: Probe): void {
  const { periodSeconds = DEFAULT_PERIOD_SECONDS, failureThreshold = DEFAULT_FAILURES } = liveness
  const silentMs = sync.nowMs - container.startedMs - (container.behaviour.unresponsiveAfterSeconds ?? 0) * SECOND_MS
  const failures = Math.floor(silentMs / (periodSeconds * SECOND_MS)) + 1
  if (failures <= container.failedProbes) return
  container.failedProbes = failures
  tell(sync, container, 'Warning', 'Unhealthy', `Liveness probe failed: ${sayFailure(liveness)}`)
  if (failures < failureThreshold) return
  tell(
    sync,
    container,
    'Normal',
    'Killing',
    `Container ${container.spec.name} failed liveness probe, will be restarted`,
  )
  exit(sync, container, { code: 137, reason: 'Error' })
}
