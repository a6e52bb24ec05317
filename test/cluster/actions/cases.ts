import { PAUSED_ANNOTATION, UNHEALTHY_TAINT, type PlanStep, type Verification } from '@kubewise/contracts'
import {
  RESOURCES,
  type Deployment,
  type HorizontalPodAutoscaler,
  type Kube,
  type KubernetesObject,
  type Node,
} from '@kubewise/kube'
import type { RemedyOptions } from './remedy.ts'
import {
  makeAutoscaler,
  makeWorkload,
  NAME,
  nameOf,
  podsIn,
  read,
  releaseOf,
  revisions,
  type Workload,
  type WorkloadKind,
} from './subjects.ts'

type Target = RemedyOptions['target']

/** One action on one kind of target: what it acts on, and how the API server shows that it was done. */
export interface ActionCase {
  action: string
  /** Of the target. */
  kind: string
  /** Makes the target `web`, ready, in a namespace. Absent for what is there anyway. */
  make?(kube: Kube, namespace: string): Promise<void | AsyncDisposable>
  /** It is not to be well before something is done. */
  isIll?: boolean
  /** What the step is told, of the target as it is at this moment. */
  step(kube: Kube, target: Target): Promise<{ object?: PlanStep['object']; with: PlanStep['with'] }>
  /** @param object the step's, as it is now */
  isDone(
    object: KubernetesObject | undefined,
    step: { with: PlanStep['with'] },
    kube: Kube,
    namespace: string,
  ): boolean | Promise<boolean>
  expect: Verification[]
  /** The writes that do it, of the account that does. */
  writes: readonly string[]
  /** Those that take it back, where they are others. */
  undoWrites?: readonly string[]
  /** It makes a new revision, so that `kubectl rollout undo` takes it back. */
  isRollout?: boolean
}

const PLURALS: Readonly<Record<WorkloadKind, string>> = {
  Deployment: 'deployments',
  StatefulSet: 'statefulsets',
  DaemonSet: 'daemonsets',
}
const ALL = Object.keys(PLURALS) as WorkloadKind[]
const SCALED = ALL.filter((kind) => kind !== 'DaemonSet')

const specOf = (object: Workload | undefined) => object?.spec
const containerOf = (object: Workload | undefined) => specOf(object)?.template?.spec?.containers[0]

const onWorkload = (kind: WorkloadKind, options?: Parameters<typeof makeWorkload>[3]) => ({
  kind,
  make: (kube: Kube, namespace: string) => makeWorkload(kube, kind, namespace, options),
  writes: [`patch ${PLURALS[kind]}`],
  expect: ['workload-available', 'change-stands'] satisfies Verification[],
})

const scale = (kind: WorkloadKind): ActionCase => ({
  ...onWorkload(kind),
  action: 'scale@1',
  step: async () => ({ with: { replicas: 3 } }),
  isDone: (object) => specOf(object)?.replicas === 3,
})

const restart = (kind: WorkloadKind): ActionCase => ({
  ...onWorkload(kind),
  action: 'restart@1',
  step: async () => ({ with: {} }),
  isDone: (object) =>
    specOf(object)?.template?.metadata?.annotations?.['kubectl.kubernetes.io/restartedAt'] !== undefined,
  isRollout: true,
})

const rollback = (kind: WorkloadKind): ActionCase => ({
  ...onWorkload(kind, { hasPast: true }),
  action: 'rollback@1',
  async step(kube, target) {
    const past = (await revisions(kube, target)).find(({ template }) => releaseOf(template) === '1')
    return { with: { toRevision: past?.number ?? 0 } }
  },
  isDone: (object) => releaseOf(specOf(object)?.template) === '1',
  isRollout: true,
})

const setResources = (kind: WorkloadKind): ActionCase => ({
  ...onWorkload(kind),
  action: 'set-resources@1',
  // The API server writes it in its own way: 96Mi.
  step: async () => ({ with: { container: 'app', memoryLimit: '98304Ki' } }),
  isDone: (object) => containerOf(object)?.resources?.limits?.['memory'] === '96Mi',
  isRollout: true,
})

const setAutoscalerMaximum = (kind: WorkloadKind): ActionCase => ({
  ...onWorkload(kind),
  action: 'set-autoscaler-maximum@1',
  async make(kube, namespace) {
    await makeWorkload(kube, kind, namespace)
    await makeAutoscaler(kube, kind, namespace)
  },
  async step(kube, target) {
    const place = { ...target, kind: 'HorizontalPodAutoscaler' }
    const uid = (await read(kube, place)).metadata?.uid ?? ''
    return { object: { ...place, uid }, with: { autoscaler: NAME, uid, maxReplicas: 5 } }
  },
  isDone: (object: HorizontalPodAutoscaler | undefined) => object?.spec?.maxReplicas === 5,
  writes: ['patch horizontalpodautoscalers'],
})

/** The workload's first pod, as steps on a pod name it. */
export async function firstPod(
  kube: Kube,
  { cluster, namespace }: Target,
): Promise<PlanStep['object'] & { uid: string }> {
  const [pod] = await podsIn(kube, namespace)
  return { cluster, kind: 'Pod', namespace, name: nameOf(pod ?? {}), uid: pod?.metadata?.uid ?? '' }
}

const evictPod: ActionCase = {
  ...onWorkload('Deployment'),
  action: 'evict-pod@1',
  async step(kube, target) {
    const object = await firstPod(kube, target)
    return { object, with: { pod: object.name, uid: object.uid } }
  },
  isDone: (pod, step) => pod?.metadata?.uid !== step.with['uid'],
  expect: ['pod-replaced'],
  writes: ['create pods/eviction'],
}

const isPaused = (object: Deployment | undefined) => object?.spec?.paused === true

const pauseRollout: ActionCase = {
  ...onWorkload('Deployment'),
  action: 'pause-rollout@1',
  step: async () => ({ with: {} }),
  isDone: isPaused,
}

const resumeRollout: ActionCase = {
  ...pauseRollout,
  action: 'resume-rollout@1',
  async make(kube, namespace) {
    await makeWorkload(kube, 'Deployment', namespace)
    // As an earlier pause of ours would have left it.
    const annotations = { [PAUSED_ANNOTATION]: 'incident-0', 'kubewise.io/step': 'earlier/only/1' }
    const body = { metadata: { annotations }, spec: { paused: true } }
    await kube.patch(RESOURCES.Deployment, { namespace, name: NAME }, { type: 'merge', body })
  },
  isDone: (object) => !isPaused(object),
}

const onNode = {
  kind: 'Node',
  step: async () => ({ with: {} }),
  expect: ['change-stands'] satisfies Verification[],
  writes: ['patch nodes'],
}
const isTainted = (object: Node | undefined) =>
  object?.spec?.taints?.some(({ key }) => key === UNHEALTHY_TAINT) === true
const isCordoned = (object: Node | undefined) => object?.spec?.unschedulable === true

/** One after the other on one node: the second finds what the first has left. */
export const NODE_CASES: readonly ActionCase[] = [
  { ...onNode, action: 'cordon@1', isDone: isCordoned },
  { ...onNode, action: 'uncordon@1', isDone: (object) => !isCordoned(object) },
  { ...onNode, action: 'taint@1', isDone: isTainted },
  { ...onNode, action: 'untaint@1', isDone: (object) => !isTainted(object) },
]

/** Each in a namespace of its own. */
export const CASES: readonly ActionCase[] = [
  ...SCALED.map(scale),
  ...ALL.map(restart),
  ...ALL.map(rollback),
  ...ALL.map(setResources),
  ...SCALED.map(setAutoscalerMaximum),
  evictPod,
  pauseRollout,
  resumeRollout,
]

/** Done on the simulated cluster alone, and why. */
export const SIMULATOR_ONLY: Readonly<Record<string, string>> = {
  'expand-volume@1 on PersistentVolumeClaim':
    'no storage driver that expands volumes is to be expected of a test cluster',
}
