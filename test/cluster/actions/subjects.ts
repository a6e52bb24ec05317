import type { Target } from '@kubewise/contracts'
import {
  conditionOf,
  isPodFinished,
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
  type ObjectRef,
  type Pod,
  type PodDisruptionBudget,
  type PodTemplate,
  type ReplicaSet,
  type Resource,
  type Revision,
  type StatefulSet,
} from '@kubewise/kube'
import { WORKLOAD_KINDS } from '@kubewise/policy'
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
  return items
    .filter((pod) => !isTerminating(pod) && !isPodFinished(pod))
    .sort((a, b) => nameOf(a).localeCompare(nameOf(b)))
}
export const nameOf = ({ metadata }: KubernetesObject): string => metadata?.name ?? ''

/** Waits until all wanted pods are ready, of one template, and no others are there. */
export async function rest(kube: Kube, place: Place): Promise<void> {
  if (!WORKLOAD_KINDS.includes(place.kind)) return
  const isAtRest = async () => {
    const object = await read<Workload>(kube, place)
    const { items } = await kube.list<Pod>(RESOURCES.Pod, { namespace: place.namespace, labelSelector: `app=${NAME}` })
    const wanted = object.status?.desiredNumberScheduled ?? object.spec?.replicas
    const live = items.filter((pod) => !isPodFinished(pod))
    return isWell(object) && live.length === wanted && live.every(isPodReady)
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
  /** Its pods are ready only once somebody says so of them; see {@link openGates}. */
  isGated?: boolean
}

/** The gate of gated pods. */
export const WELL = 'kubewise.test/well'

/** Says of each new pod that it is well, for as long as it is held; what others say of it later stays. */
export function openGates(kube: Kube, namespace: string): AsyncDisposable {
  const reflector = kube.reflect<Pod>(
    RESOURCES.Pod,
    { namespace },
    {
      onReplace: () => undefined,
      onDelete: () => undefined,
      async onUpsert(pod) {
        if (conditionOf({ status: pod.status ?? {} }, WELL)) return
        await sayHowItIs(kube, { namespace, name: nameOf(pod) }, 'True').catch(() => undefined)
      },
    },
  )
  return { [Symbol.asyncDispose]: () => reflector.stop() }
}

export async function sayHowItIs(kube: Kube, ref: ObjectRef, status: 'True' | 'False'): Promise<void> {
  const body = { status: { conditions: [{ type: WELL, status }] } }
  await kube.patch(RESOURCES.Pod, ref, { type: 'strategic', body }, { subresource: 'status' })
}

/** Brings a workload into being, and waits for its pods. They mind no taint: nodes are cordoned meanwhile. */
export async function makeWorkload(
  kube: Kube,
  kind: WorkloadKind,
  namespace: string,
  { hasPast, isGated, ...options }: MakeOptions = {},
): Promise<void> {
  const given = { replicas: 2, ...options, name: NAME, kind, script: IDLE, limits: { memory: '64Mi' } }
  const { resource, object } = workload({ ...given, env: { RELEASE: '1' } })
  const { template } = (object as unknown as { spec: { template: { spec: object } } }).spec
  template.spec = {
    ...template.spec,
    tolerations: ['node.kubernetes.io/unschedulable', 'kubewise.io/unhealthy'].map((key) => ({
      key,
      operator: 'Exists',
    })),
    ...(isGated && { readinessGates: [{ conditionType: WELL }] }),
  }
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

export interface BudgetOptions {
  name?: string
  minAvailable: number
  /** How many healthy pods it is to count before it is used. */
  healthy: number
}

/** A budget over the workload's pods. */
export async function makeBudget(
  kube: Kube,
  namespace: string,
  { name = NAME, minAvailable, healthy }: BudgetOptions,
): Promise<void> {
  const place = { kind: 'PodDisruptionBudget', namespace, name }
  const object = { metadata: { name, namespace }, spec: { minAvailable, selector: { matchLabels: { app: NAME } } } }
  await kube.create(RESOURCES.PodDisruptionBudget, object)
  const isCounted = async () => (await read<PodDisruptionBudget>(kube, place)).status?.currentHealthy === healthy
  await eventually(isCounted, { timeoutMs: 30_000, say: 'the disruption budget is counted' })
}
