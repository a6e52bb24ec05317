import { type Target } from '@kubewise/contracts'
import {
  controllerOf,
  RESOURCES,
  revisionsOf,
  type ControllerRevision,
  type CronJob,
  type DaemonSet,
  type Deployment,
  type Job,
  type Kube,
  type KubernetesObject,
  type LabelSelector,
  type ObjectRef,
  type Pod,
  type ReplicaSet,
  type Revision,
  type StatefulSet,
} from '@kubewise/kube'
import { rolloutWorkload } from './context.ts'
import { selectorText } from './selector.ts'

/** The kinds that a target can be and be read; others (custom resources) are known by name alone. */
const TARGET_KINDS = [
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'Job',
  'CronJob',
  'Pod',
  'Node',
  'PersistentVolumeClaim',
  'Service',
  'ResourceQuota',
  'HorizontalPodAutoscaler',
  'PodDisruptionBudget',
  'ValidatingWebhookConfiguration',
  'MutatingWebhookConfiguration',
] as const

const isTargetKind = (kind: string): kind is (typeof TARGET_KINDS)[number] =>
  (TARGET_KINDS as readonly string[]).includes(kind)

/** The target with what belongs to it. */
export interface TargetObjects {
  target: KubernetesObject | undefined
  isReadable: boolean
  pods: readonly Pod[]
  revisions: readonly Revision[]
  jobs: readonly Job[]
}

type Reader = Pick<Kube, 'get' | 'list'>

const refOf = ({ namespace, name }: Target): ObjectRef => (namespace === '' ? { name } : { namespace, name })

const isControlledBy = (object: KubernetesObject, owners: ReadonlySet<string>) =>
  owners.has(controllerOf(object)?.uid ?? '')

const uidOf = ({ metadata }: KubernetesObject) => metadata?.uid ?? ''

/** What a selector finds in the target's namespace; an absent or empty selector finds nothing, not everything. */
async function selected<T extends KubernetesObject>(
  kube: Reader,
  kind: 'Pod' | 'ReplicaSet' | 'ControllerRevision',
  namespace: string,
  selector: LabelSelector | undefined,
  signal: AbortSignal,
): Promise<T[]> {
  const labelSelector = selector && selectorText(selector)
  if (labelSelector === undefined) return []
  return (await kube.list<T>(RESOURCES[kind], { namespace, labelSelector }, signal)).items
}

async function workloadObjects(
  kube: Reader,
  workload: Deployment | StatefulSet | DaemonSet,
  namespace: string,
  signal: AbortSignal,
): Promise<Pick<TargetObjects, 'pods' | 'revisions'>> {
  const childKind = workload.kind === 'Deployment' ? 'ReplicaSet' : 'ControllerRevision'
  const selector = workload.spec?.selector
  const [pods, children] = await Promise.all([
    selected<Pod>(kube, 'Pod', namespace, selector, signal),
    selected<ReplicaSet | ControllerRevision>(kube, childKind, namespace, selector, signal),
  ])
  const own = children.filter((child) => isControlledBy(child, new Set([uidOf(workload)])))
  const parents = new Set(workload.kind === 'Deployment' ? own.map(uidOf) : [uidOf(workload)])
  return { pods: pods.filter((pod) => isControlledBy(pod, parents)), revisions: revisionsOf(workload, own) }
}

async function ownPods(kube: Reader, owner: Job | ReplicaSet, namespace: string, signal: AbortSignal): Promise<Pod[]> {
  const pods = await selected<Pod>(kube, 'Pod', namespace, owner.spec?.selector, signal)
  return pods.filter((pod) => isControlledBy(pod, new Set([uidOf(owner)])))
}

const bornText = ({ metadata }: KubernetesObject) => metadata?.creationTimestamp ?? ''

/** A CronJob is judged by its newest Job; the older ones are history. */
async function cronJobObjects(kube: Reader, cronJob: CronJob, namespace: string, signal: AbortSignal) {
  const { items } = await kube.list<Job>(RESOURCES.Job, { namespace }, signal)
  const jobs = items.filter((job) => isControlledBy(job, new Set([uidOf(cronJob)])))
  const newest = jobs.sort((a, b) => (bornText(a) < bornText(b) ? 1 : -1))[0]
  return newest ? { jobs: [newest], pods: await ownPods(kube, newest, namespace, signal) } : {}
}

async function belongings(
  kube: Reader,
  target: KubernetesObject,
  namespace: string,
  signal: AbortSignal,
): Promise<Partial<TargetObjects>> {
  const workload = rolloutWorkload({ target })
  if (workload) return workloadObjects(kube, workload, namespace, signal)
  switch (target.kind) {
    case 'Pod':
      return { pods: [target] }
    case 'Job':
      return { jobs: [target], pods: await ownPods(kube, target, namespace, signal) }
    case 'ReplicaSet':
      return { pods: await ownPods(kube, target, namespace, signal) }
    case 'CronJob':
      return cronJobObjects(kube, target, namespace, signal)
    default:
      return {}
  }
}

/**
 * Reads a target and what belongs to it.
 * @throws KubeError when anything of it cannot be read
 */
export async function readTarget(kube: Reader, target: Target, signal: AbortSignal): Promise<TargetObjects> {
  const nothing = { pods: [], revisions: [], jobs: [] }
  if (!isTargetKind(target.kind)) return { target: undefined, isReadable: false, ...nothing }
  const object = await kube.get(RESOURCES[target.kind], refOf(target), signal)
  if (!object) return { target: undefined, isReadable: true, ...nothing }
  return { target: object, isReadable: true, ...nothing, ...(await belongings(kube, object, target.namespace, signal)) }
}
