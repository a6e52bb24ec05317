import type { Target } from '@kubewise/contracts'
import {
  isPodReady,
  isTerminating,
  RESOURCES,
  revisionsOf,
  type ControllerRevision,
  type DaemonSet,
  type Deployment,
  type HorizontalPodAutoscaler,
  type Kube,
  type KubernetesObject,
  type Pod,
  type PodDisruptionBudget,
  type PodTemplate,
  type ReplicaSet,
  type Resource,
  type Revision,
  type StatefulSet,
} from '@kubewise/kube'
import { eventually } from '@kubewise/testkit'
import { inNamespace } from '../arena.ts'
import { isWell } from '../failures.ts'
import { IDLE, workload } from '../workloads.ts'

export type WorkloadKind = 'Deployment' | 'StatefulSet' | 'DaemonSet'
export type Workload = Deployment & StatefulSet & DaemonSet
/** Where an object lies. */
export type Place = Pick<Target, 'kind' | 'namespace' | 'name'>

export const NAME = 'web'
const READY = { timeoutMs: 120_000, everyMs: 250 }

export const resourceOf = (kind: string): Resource => RESOURCES[kind as keyof typeof RESOURCES]
export const refOf = ({ namespace, name }: Place) => (namespace === '' ? { name } : { namespace, name })

/** @throws Error where it is not there */
export async function read<T extends KubernetesObject>(kube: Kube, place: Place): Promise<T> {
  const found = await kube.get<T>(resourceOf(place.kind), refOf(place))
  if (!found) throw new Error(`there is no ${place.kind} ${place.namespace}/${place.name}`)
  return found
}

export async function podsIn(kube: Kube, namespace: string): Promise<Pod[]> {
  const { items } = await kube.list<Pod>(RESOURCES.Pod, { namespace, labelSelector: `app=${NAME}` })
  return items.filter((pod) => !isTerminating(pod)).sort((a, b) => nameOf(a).localeCompare(nameOf(b)))
}
export const nameOf = ({ metadata }: KubernetesObject): string => metadata?.name ?? ''

/** Waits until all wanted pods are ready, of one template, and no others are there. */
export async function rest(kube: Kube, place: Place): Promise<void> {
  const isAtRest = async () => {
    const object = await read<Workload>(kube, place)
    const { items } = await kube.list<Pod>(RESOURCES.Pod, { namespace: place.namespace, labelSelector: `app=${NAME}` })
    const wanted = object.status?.desiredNumberScheduled ?? object.spec?.replicas
    return isWell(object) && items.length === wanted && items.every(isPodReady)
  }
  await eventually(isAtRest, { ...READY, say: `${place.kind} ${place.namespace}/${place.name} is at rest` })
}

const release = (name: string) => ({
  spec: { template: { spec: { containers: [{ name: 'app', env: [{ name: 'RELEASE', value: name }] }] } } },
})

interface MakeOptions {
  replicas?: number
  readiness?: string
  /** Has a revision before the present one. */
  hasPast?: boolean
}

/** Brings a workload into being, and waits for its pods. They mind no taint: nodes are cordoned meanwhile. */
export async function makeWorkload(
  kube: Kube,
  kind: WorkloadKind,
  namespace: string,
  { hasPast, ...options }: MakeOptions = {},
): Promise<void> {
  const given = { replicas: 2, ...options, name: NAME, kind, script: IDLE, limits: { memory: '64Mi' } }
  const { resource, object } = workload({ ...given, env: { RELEASE: '1' } })
  const { template } = (object as unknown as { spec: { template: { spec: object } } }).spec
  template.spec = { ...template.spec, tolerations: [{ operator: 'Exists' }] }
  await kube.create(resource, inNamespace(object, namespace))
  const place = { kind, namespace, name: NAME }
  if (hasPast) {
    await eventually(async () => (await revisions(kube, place)).length > 0, { ...READY, say: 'there is a revision' })
    await kube.patch(resource, { namespace, name: NAME }, { type: 'strategic', body: release('2') })
  }
  if (options.readiness === undefined) await rest(kube, place)
}

export const releaseOf = (template: PodTemplate | undefined): string | undefined =>
  template?.spec?.containers[0]?.env?.find(({ name }) => name === 'RELEASE')?.value

/** Oldest first. */
export async function revisions(kube: Kube, place: Place): Promise<Revision[]> {
  const { namespace, kind } = place
  const resource = kind === 'Deployment' ? RESOURCES.ReplicaSet : RESOURCES.ControllerRevision
  const [object, { items }] = await Promise.all([
    read<Workload>(kube, place),
    kube.list<ReplicaSet | ControllerRevision>(resource, { namespace, labelSelector: `app=${NAME}` }),
  ])
  return revisionsOf(object, items)
}

/** An autoscaler of the workload that finds nothing to do. */
export async function makeAutoscaler(kube: Kube, kind: WorkloadKind, namespace: string): Promise<void> {
  const spec = { scaleTargetRef: { apiVersion: 'apps/v1', kind, name: NAME }, minReplicas: 2, maxReplicas: 3 }
  const object: HorizontalPodAutoscaler = { metadata: { name: NAME, namespace }, spec }
  await kube.create(RESOURCES.HorizontalPodAutoscaler, object)
}

/** A budget over the workload's pods. @param healthy how many of them it waits for */
export async function makeBudget(kube: Kube, namespace: string, minAvailable: number, healthy: number): Promise<void> {
  const place = { kind: 'PodDisruptionBudget', namespace, name: NAME }
  const object = {
    metadata: { name: NAME, namespace },
    spec: { minAvailable, selector: { matchLabels: { app: NAME } } },
  }
  await kube.create(RESOURCES.PodDisruptionBudget, object)
  const isCounted = async () => (await read<PodDisruptionBudget>(kube, place)).status?.currentHealthy === healthy
  await eventually(isCounted, { timeoutMs: 30_000, say: 'the disruption budget is counted' })
}
