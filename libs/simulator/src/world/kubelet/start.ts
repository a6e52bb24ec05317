import { missingConfig } from './config-references.ts'
import { retryMs, sayPod, tell, wait, type PodSync } from './context.ts'
import { sayDelay } from './back-off.ts'
import { ensureImage } from './pull.ts'
import { isSidecar, resetUsage, type ContainerRuntime } from './runtime.ts'

/** Whether a container that has exited is to run again. */
export function isRestarted(sync: PodSync, container: ContainerRuntime): boolean {
  if (isSidecar(container)) return true
  const code = container.exit?.code ?? 0
  const policy = sync.pod.spec?.restartPolicy ?? 'Always'
  if (container.isInit) return code !== 0 && policy !== 'Never'
  return policy === 'Always' || (policy === 'OnFailure' && code !== 0)
}

/** One attempt to run a container that does not run: back-off, image, configuration, then its start. */
export function tryStart(sync: PodSync, container: ContainerRuntime): void {
  if (isBackingOff(sync, container)) return
  if (!ensureImage(sync, container)) return
  const missing = missingConfig(sync.objects, sync.pod.metadata?.namespace ?? '', container.spec)
  if (missing) return fail(sync, container, 'CreateContainerConfigError', missing)
  const [mistake] = container.mistakes
  if (mistake) return fail(sync, container, 'RunContainerError', mistake)
  start(sync, container)
}

/** @see doBackOff in pkg/kubelet/kuberuntime of Kubernetes: the first restart is at once, then 10 s, doubled each time */
function isBackingOff(sync: PodSync, container: ContainerRuntime): boolean {
  const { exit, crashBackOff, spec } = container
  if (!exit || container.pullEndsMs !== undefined) return false
  if (!crashBackOff.isIn(exit.finishedMs, sync.nowMs)) return false
  const message = `back-off ${sayDelay(crashBackOff.delayMs())} restarting failed container=${spec.name} pod=${sayPod(sync.pod)}`
  tell(
    sync,
    container,
    'Warning',
    'BackOff',
    `Back-off restarting failed container ${spec.name} in pod ${sayPod(sync.pod)}`,
  )
  wait(sync, container, 'CrashLoopBackOff', message)
  container.nextSyncMs = Math.min(retryMs(sync), exit.finishedMs + crashBackOff.delayMs())
  return true
}

function fail(sync: PodSync, container: ContainerRuntime, reason: string, message: string): void {
  tell(sync, container, 'Warning', 'Failed', `Error: ${message}`)
  wait(sync, container, reason, message)
  container.nextSyncMs = retryMs(sync)
}

function start(sync: PodSync, container: ContainerRuntime): void {
  const { exit, spec } = container
  if (exit) {
    container.crashBackOff.next(exit.finishedMs)
    container.restartCount++
    container.lastExit = exit
    container.exit = undefined
  }
  container.phase = 'running'
  container.startedMs = sync.nowMs
  container.containerId = `containerd://${newId(sync.ports.random)}`
  container.isReady = false
  container.failedProbes = 0
  container.nextProbeMs = 0
  container.lonelySinceMs = undefined
  resetUsage(container)
  sync.runtime.isDirty = true
  tell(sync, container, 'Normal', 'Created', `Created container: ${spec.name}`)
  tell(sync, container, 'Normal', 'Started', `Started container ${spec.name}`)
}

function newId(random: () => number): string {
  return Array.from({ length: 64 }, () => Math.floor(random() * 16).toString(16)).join('')
}
