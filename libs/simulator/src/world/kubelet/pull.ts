import { SECOND_MS } from '../time.ts'
import { retryMs, tell, wait, type PodSync } from './context.ts'
import { fullImageName } from './image.ts'
import type { ContainerRuntime } from './runtime.ts'

const PULL_MS = 1500
const SOON_MS = 2 * SECOND_MS

function policyOf({ spec }: ContainerRuntime): string {
  return spec.imagePullPolicy ?? (fullImageName(spec.image ?? '').endsWith(':latest') ? 'Always' : 'IfNotPresent')
}

/**
 * Has the container's image by the end of a pull, or waits: ErrImagePull right after a failure, ImagePullBackOff until the
 * next attempt.
 *
 * @returns whether the image is there now
 * @see EnsureImageExists in pkg/kubelet/images of Kubernetes
 */
export function ensureImage(sync: PodSync, container: ContainerRuntime): boolean {
  if (container.pullEndsMs !== undefined) return finishPull(sync, container)
  const image = container.spec.image ?? ''
  const isPresent = sync.ports.pulled(sync.pod.spec?.nodeName ?? '').has(image)
  const policy = policyOf(container)
  if (isPresent && policy !== 'Always') {
    tell(sync, container, 'Normal', 'Pulled', `Container image "${image}" already present on machine`)
    return true
  }
  if (policy === 'Never')
    return refuse(
      sync,
      container,
      'ErrImageNeverPull',
      `Container image "${image}" is not present with pull policy of Never`,
    )
  if (container.pullBackOff.isInSinceUpdate(sync.nowMs)) return backOff(sync, container, image)
  beginPull(sync, container, image)
  return false
}

function beginPull(sync: PodSync, container: ContainerRuntime, image: string): void {
  tell(sync, container, 'Normal', 'Pulling', `Pulling image "${image}"`)
  container.pullEndsMs = sync.nowMs + PULL_MS * (0.5 + sync.ports.random())
  container.nextSyncMs = container.pullEndsMs
}

function finishPull(sync: PodSync, container: ContainerRuntime): boolean {
  const image = container.spec.image ?? ''
  container.pullEndsMs = undefined
  const failure = sync.ports.images.whyNot(image)
  if (failure) {
    const isFirst = container.pullFailure === undefined
    tell(sync, container, 'Warning', 'Failed', `Failed to pull image "${image}": ${failure.message}`)
    tell(sync, container, 'Warning', 'Failed', `Error: ${failure.reason}`)
    container.pullBackOff.next(sync.nowMs)
    container.pullFailure = `${failure.reason}: ${failure.message}`
    wait(sync, container, failure.reason, failure.message)
    // The sandbox that has just started makes the kubelet look again at once; later it comes back in its own time.
    container.nextSyncMs = isFirst ? sync.nowMs + SOON_MS : retryMs(sync)
    return false
  }
  container.pullFailure = undefined
  container.pullBackOff.reset()
  sync.ports.pulled(sync.pod.spec?.nodeName ?? '').add(image)
  tell(
    sync,
    container,
    'Normal',
    'Pulled',
    `Successfully pulled image "${image}" in 1.5s (1.5s including waiting). Image size: 48000000 bytes.`,
  )
  return true
}

function backOff(sync: PodSync, container: ContainerRuntime, image: string): boolean {
  const message = `Back-off pulling image "${image}"`
  tell(sync, container, 'Normal', 'BackOff', message)
  tell(sync, container, 'Warning', 'Failed', 'Error: ImagePullBackOff')
  wait(sync, container, 'ImagePullBackOff', container.pullFailure ? `${message}: ${container.pullFailure}` : message)
  container.nextSyncMs = retryMs(sync)
  return false
}

function refuse(sync: PodSync, container: ContainerRuntime, reason: string, message: string): boolean {
  tell(sync, container, 'Warning', reason, message)
  tell(sync, container, 'Warning', 'Failed', `Error: ${reason}`)
  wait(sync, container, reason, message)
  container.nextSyncMs = retryMs(sync)
  return false
}
