import {
  CORDONED_ANNOTATION,
  PAUSED_ANNOTATION,
  UNHEALTHY_TAINT,
  type PlanStep,
  type Target,
} from '@kubewise/contracts'
import { RESOURCES, type Job, type Kube, type KubernetesObject, type Node } from '@kubewise/kube'
import { eventually } from '@kubewise/testkit'
import { createNamespace } from '../cluster/arena.ts'
import { brokenTemplate, podsIn, prepare, template, type Setting } from './workload.ts'

/** What a plan is for, and what its one step is told. */
export interface Subject {
  target: Target & { uid: string }
  object?: PlanStep['object']
  with: PlanStep['with']
}

/** Brings what an action is done to into being. @param name of its namespace, and of the cluster as its executors know it */
export type MakeSubject = (kube: Kube, name: string) => Promise<Subject>

const DEPLOYED: Setting = { kind: 'Deployment', now: template('1') }
const uidOf = ({ metadata }: KubernetesObject) => metadata?.uid ?? ''
const merge = (body: object) => ({ type: 'merge', body }) as const

/** A workload that is ready, with what the step is told. */
export const onWorkload =
  (setting: Setting, values: PlanStep['with']): MakeSubject =>
  async (kube, name) => ({ target: await prepare(kube, name, setting), with: values })

/** The first pod of a workload. */
export const onPod =
  (values: PlanStep['with'] = {}, setting: Setting = DEPLOYED): MakeSubject =>
  async (kube, name) => {
    const target = await prepare(kube, name, setting)
    const [pod] = await podsIn(kube, name)
    const { name: podName = '', uid = '' } = pod?.metadata ?? {}
    const object = { cluster: name, kind: 'Pod', namespace: name, name: podName, uid }
    return { target, object, with: { pod: podName, uid, ...values } }
  }

/** The marker of an earlier step: whoever left it wrote what else is in the same patch. */
export const EARLIER_MARK = { 'kubewise.io/step': 'earlier/only/1' }

/** A Deployment as our own pause left it. */
export const paused: MakeSubject = async (kube, namespace) => {
  const target = await prepare(kube, namespace, DEPLOYED)
  const annotations = { [PAUSED_ANNOTATION]: 'incident-0', ...EARLIER_MARK }
  const body = { metadata: { annotations }, spec: { paused: true } }
  await kube.patch(RESOURCES.Deployment, { namespace, name: target.name }, merge(body))
  return { target, with: {} }
}

export const autoscaled: MakeSubject = async (kube, namespace) => {
  const target = await prepare(kube, namespace, DEPLOYED)
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: target.kind, name: target.name }
  const made = await kube.create<KubernetesObject & { spec: object }>(RESOURCES.HorizontalPodAutoscaler, {
    metadata: { name: target.name, namespace },
    spec: { scaleTargetRef, minReplicas: 2, maxReplicas: 4 },
  })
  const object = { ...target, kind: 'HorizontalPodAutoscaler', uid: uidOf(made) }
  return { target, object, with: { autoscaler: target.name, uid: uidOf(made), maxReplicas: 6 } }
}

/** A claim that is bound; no driver is asked. */
export const claimed: MakeSubject = async (kube, namespace) => {
  await createNamespace(kube, namespace, true)
  const ref = { namespace, name: 'data' }
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
  const made = await kube.create(RESOURCES.PersistentVolumeClaim, { metadata: ref, spec } as KubernetesObject)
  const body = { status: { phase: 'Bound', capacity: { storage: '1Gi' } } }
  await kube.patch(RESOURCES.PersistentVolumeClaim, ref, merge(body), { subresource: 'status' })
  return {
    target: { cluster: namespace, kind: 'PersistentVolumeClaim', ...ref, uid: uidOf(made) },
    with: { size: '1536Mi' },
  }
}

/** A Job that failed, which its owner allows to be run again. */
const failed = async (kube: Kube, namespace: string): Promise<Target & { uid: string }> => {
  await createNamespace(kube, namespace, true)
  const ref = { namespace, name: 'report' }
  const pods = brokenTemplate('1')
  const spec = { backoffLimit: 0, template: { ...pods, spec: { ...pods.spec, restartPolicy: 'Never' } } }
  const metadata = { ...ref, annotations: { 'kubewise.io/idempotent': 'true' } }
  const made = await kube.create(RESOURCES.Job, { metadata, spec } as KubernetesObject)
  const hasFailed = async () =>
    (await kube.get<Job>(RESOURCES.Job, ref))?.status?.conditions?.some(
      ({ type, status }) => type === 'Failed' && status === 'True',
    )
  await eventually(hasFailed, { timeoutMs: 90_000, everyMs: 500, say: `the Job in ${namespace} has failed` })
  return { cluster: namespace, kind: 'Job', ...ref, uid: uidOf(made) }
}

export const finishedPods: MakeSubject = async (kube, namespace) => ({
  target: await failed(kube, namespace),
  with: { atMost: 2 },
})

export const failedJob: MakeSubject = async (kube, namespace) => {
  const target = await failed(kube, namespace)
  return { target, with: { job: target.name, uid: target.uid } }
}

/** A pod that is not ready under two disruption budgets, which the eviction API refuses. */
export const unevictable: MakeSubject = async (kube, namespace) => {
  const setting: Setting = { kind: 'Deployment', now: brokenTemplate('1'), isBroken: true }
  const subject = await onPod({}, setting)(kube, namespace)
  for (const name of ['one', 'two'])
    await kube.create(RESOURCES.PodDisruptionBudget, {
      metadata: { name, namespace },
      spec: { minAvailable: 0, selector: { matchLabels: { app: 'web' } } },
    } as KubernetesObject)
  return subject
}

/** Victims are placed on the first nodes; the others are worked on. */
export const SPARE_NODES = { from: 4, count: 48 }
/** Keeps what other victims need off a spare node. */
const SPARE_TAINT = { key: 'kubewise-chaos', value: 'spare', effect: 'NoSchedule' }
let borrowed = 0

interface NodeState {
  unschedulable?: boolean
  annotations?: Record<string, string>
  isTainted?: boolean
}

async function spareNodes(kube: Kube): Promise<string[]> {
  const { items } = await kube.list<Node>(RESOURCES.Node)
  const names = items.map(({ metadata }) => metadata?.name ?? '')
  return names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).slice(SPARE_NODES.from)
}

/** Keeps everybody's pods off the spare nodes. */
export async function keepOff(kube: Kube): Promise<void> {
  for (const name of await spareNodes(kube))
    await kube.patch(RESOURCES.Node, { name }, merge({ spec: { taints: [SPARE_TAINT] } }))
}

/** A spare node, opted in, in the state that a plan finds. */
export const onNode =
  ({ unschedulable = false, annotations = {}, isTainted = false }: NodeState = {}): MakeSubject =>
  async (kube, cluster) => {
    const name = (await spareNodes(kube))[borrowed++ % SPARE_NODES.count] ?? ''
    const taints = [SPARE_TAINT, ...(isTainted ? [{ key: UNHEALTHY_TAINT, effect: 'NoSchedule' }] : [])]
    // Who borrowed it before may have left the very values that are set now, and would stay their writer.
    const cleared = { [CORDONED_ANNOTATION]: null, 'kubewise.io/step': null }
    const reset = { metadata: { annotations: cleared }, spec: { unschedulable: null, taints: [SPARE_TAINT] } }
    await kube.patch(RESOURCES.Node, { name }, merge(reset))
    const body = {
      metadata: { labels: { 'kubewise.io/managed': 'true' }, annotations },
      spec: { unschedulable: unschedulable || null, taints },
    }
    const node = await kube.patch<Node>(RESOURCES.Node, { name }, merge(body))
    return { target: { cluster, kind: 'Node', namespace: '', name, uid: uidOf(node) }, with: {} }
  }

/** A spare node with a pod that cannot run: nothing ready is lost with it. */
export const occupied: MakeSubject = async (kube, name) => {
  const subject = await onNode()(kube, name)
  const now = brokenTemplate('1')
  const spec = {
    ...now.spec,
    nodeSelector: { 'kubernetes.io/hostname': subject.target.name },
    tolerations: [{ key: SPARE_TAINT.key, operator: 'Exists' }],
  } as NonNullable<typeof now.spec>
  await prepare(kube, name, { kind: 'Deployment', now: { ...now, spec }, isBroken: true, replicas: 1 })
  return subject
}
