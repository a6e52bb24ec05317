import { isTerminating, type Container, type ContainerStatus, type Node, type Pod } from '@kubewise/kube'
import type { Arrival } from './arrivals.ts'
import { doubt, gravest, notReadable, pass, refuse, type Verdict } from './check.ts'
import { allContainers } from './pod-fields.ts'
import type { Place } from './place.ts'

const FAILING: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'RegistryUnavailable',
])
const REGISTRY = /^[^/]*[.:][^/]*\/|^localhost\//

/** The name that the container runtime keeps: `busybox` is `docker.io/library/busybox:latest`. */
export function fullImageName(image: string): string {
  const [path = '', digest] = image.split('@')
  const name = REGISTRY.test(path) ? path : `docker.io/${path.includes('/') ? '' : 'library/'}${path}`
  if (digest !== undefined) return `${name.replace(/:[^/:]*$/, '')}@${digest}`
  return /:[^/]*$/.test(name) ? name : `${name}:latest`
}

/** An absent policy is `Always` for the tag latest. */
const isAlwaysPulled = ({ image = '', imagePullPolicy }: Container) =>
  (imagePullPolicy ?? (fullImageName(image).endsWith(':latest') ? 'Always' : 'IfNotPresent')) === 'Always'

const statusesOf = ({ status }: Pod): readonly ContainerStatus[] => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
]

interface Use {
  pod: Pod
  status: ContainerStatus | undefined
}

/** Every container of these pods that is made of an image, by what the pod's spec asks for. */
function usesOf(image: string, pods: readonly Pod[]): Use[] {
  return pods
    .filter((pod) => !isTerminating(pod))
    .flatMap((pod) =>
      (pod.spec ? allContainers(pod.spec) : [])
        .filter((container) => fullImageName(container.image ?? '') === image)
        .map(({ name }) => ({ pod, status: statusesOf(pod).find((each) => each.name === name) })),
    )
}

const hasStarted = ({ status }: Use) =>
  status?.state?.running !== undefined || status?.state?.terminated !== undefined || (status?.restartCount ?? 0) > 0

const isOnNode = (image: string, nodes: readonly Node[]) =>
  nodes.some(({ status }) =>
    (status?.images ?? []).some(({ names = [] }) => names.some((name) => fullImageName(name) === image)),
  )

function imageVerdict(container: Container, namespace: string, { pods, nodes }: Place): Verdict {
  const image = fullImageName(container.image ?? '')
  const uses = pods.isKnown ? usesOf(image, pods.value) : []
  const here = uses.filter(({ pod }) => pod.metadata?.namespace === namespace)
  const failing = here.find(({ status }) => FAILING.has(status?.state?.waiting?.reason ?? ''))
  if (failing)
    return refuse(
      'image-unavailable',
      `The image ${container.image} cannot be pulled now: the pod ${failing.pod.metadata?.name} waits for it (${failing.status?.state?.waiting?.reason}).`,
    )
  if (here.some(hasStarted)) return pass('')
  if (nodes.isKnown && !isAlwaysPulled(container) && isOnNode(image, nodes.value)) return pass('')
  if (!pods.isKnown) return notReadable('The pods that use the image', pods.why)
  return doubt(`The image ${container.image} runs nowhere in the namespace, so whether it can be pulled is not known.`)
}

/** Can the images of the pods that must come be had? Told by the pods that run them or wait for them; no registry is asked. */
export function checkImages(arrivals: readonly Arrival[], namespace: string, place: Place): Verdict {
  const containers = arrivals.flatMap(({ template }) => (template.spec ? allContainers(template.spec) : []))
  return gravest(
    containers
      .map((container) => imageVerdict(container, namespace, place))
      .filter(({ verdict }) => verdict !== 'passed'),
    'Every image is known to be there.',
  )
}
