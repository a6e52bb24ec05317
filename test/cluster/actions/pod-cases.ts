import type { PlanStep, Verification } from '@kubewise/contracts'
import {
  conditionOf,
  isPodFinished,
  RESOURCES,
  type Job,
  type Kube,
  type KubernetesObject,
  type Pod,
} from '@kubewise/kube'
import { eventually } from '@kubewise/testkit'
import type { ActionCase } from './cases.ts'
import {
  makeBudget,
  makeWorkload,
  NAME,
  nameOf,
  openGates,
  podsIn,
  read,
  sayHowItIs,
  WELL,
  type Place,
} from './subjects.ts'

const IMAGE = { name: 'app', image: 'busybox:1', imagePullPolicy: 'IfNotPresent' }
const SOON = { timeoutMs: 60_000, everyMs: 250 }
const namedPod = (object: PlanStep['object'] & { uid: string }, more: PlanStep['with'] = {}) => ({
  object,
  with: { pod: object.name, uid: object.uid, ...more },
})
const podObject = (cluster: string, { metadata }: Pod) => ({
  cluster,
  kind: 'Pod',
  namespace: metadata?.namespace ?? '',
  name: metadata?.name ?? '',
  uid: metadata?.uid ?? '',
})

/** The limits are the pod's own; its template stays. */
const resizePod: ActionCase = {
  action: 'resize-pod@1',
  kind: 'Deployment',
  make: (kube, namespace) => makeWorkload(kube, 'Deployment', namespace),
  async step(kube, { cluster, namespace }) {
    const [pod] = await podsIn(kube, namespace)
    return namedPod(podObject(cluster, pod ?? {}), { container: 'app', memoryLimit: '96Mi' })
  },
  isDone: (pod) => (pod as Pod).spec?.containers[0]?.resources?.limits?.['memory'] === '96Mi',
  expect: ['workload-available'],
  writes: ['patch pods/resize'],
}

const isWell = (pod: Pod) => conditionOf({ status: pod.status ?? {} }, WELL)?.status === 'True'

/** A pod under two budgets is what the eviction API refuses. */
const deletePod: ActionCase = {
  action: 'delete-pod@1',
  kind: 'StatefulSet',
  isIll: true,
  async make(kube, namespace) {
    await using held = new AsyncDisposableStack()
    held.use(openGates(kube, namespace))
    await makeWorkload(kube, 'StatefulSet', namespace, { isGated: true })
    await sayHowItIs(kube, { namespace, name: `${NAME}-0` }, 'False')
    for (const name of ['one', 'two']) await makeBudget(kube, namespace, { name, minAvailable: 1, healthy: 1 })
    return held.move()
  },
  async step(kube, { cluster, namespace }) {
    const ill = (await podsIn(kube, namespace)).find((pod) => !isWell(pod))
    return namedPod(podObject(cluster, ill ?? {}))
  },
  isDone: (pod, step) => pod?.metadata?.uid !== step.with['uid'],
  expect: ['pod-replaced'],
  writes: ['delete pods'],
}

/**
 * Pods that ended, of a controller that makes others in their place. One that was never scheduled is no kubelet's, and one that
 * ended before it was the controller's does not count with it.
 */
async function makeEndedPods(kube: Kube, owner: Place, names: readonly string[]): Promise<void> {
  const { namespace } = owner
  const { apiVersion = '', kind = '', metadata } = await read(kube, owner)
  const ownerReferences = [{ apiVersion, kind, name: metadata?.name ?? '', uid: metadata?.uid ?? '', controller: true }]
  for (const name of names) {
    const object = {
      metadata: { name, namespace },
      spec: { schedulingGates: [{ name: 'kubewise.test/never' }], containers: [IMAGE] },
    }
    await kube.create(RESOURCES.Pod, object)
    const ref = { namespace, name }
    await kube.patch(
      RESOURCES.Pod,
      ref,
      { type: 'merge', body: { status: { phase: 'Failed' } } },
      { subresource: 'status' },
    )
    const labels = metadata?.labels
    await kube.patch(RESOURCES.Pod, ref, { type: 'merge', body: { metadata: { ownerReferences, labels } } })
  }
}

async function endedPods(kube: Kube, namespace: string): Promise<Pod[]> {
  return (await kube.list<Pod>(RESOURCES.Pod, { namespace })).items.filter(isPodFinished)
}

const ENDED = ['ended-1', 'ended-2']
/** One of two that ended. */
const deleteFinishedPods = (kind: string, make: ActionCase['make'], expect: Verification[]): ActionCase => ({
  action: 'delete-finished-pods@1',
  kind,
  ...(make && { make }),
  step: async () => ({ with: { atMost: 1 } }),
  isDone: async (_, _step, kube, namespace) => (await endedPods(kube, namespace)).length === 1,
  expect,
  writes: ['delete pods'],
})

const ofReplicaSet: ActionCase = deleteFinishedPods(
  'Deployment',
  async (kube, namespace) => {
    await makeWorkload(kube, 'Deployment', namespace)
    const [set] = (await kube.list(RESOURCES.ReplicaSet, { namespace })).items
    await makeEndedPods(kube, { kind: 'ReplicaSet', name: nameOf(set ?? {}), namespace }, ENDED)
  },
  ['workload-available'],
)

/** Ends as the ConfigMap `fate` says. */
function jobOf(name: string, namespace: string, completions: number, owner?: KubernetesObject): KubernetesObject {
  const { apiVersion = '', kind = '', metadata } = owner ?? {}
  const env = [{ name: 'CODE', valueFrom: { configMapKeyRef: { name: 'fate', key: 'code' } } }]
  const template = {
    spec: { restartPolicy: 'Never', containers: [{ ...IMAGE, command: ['/bin/sh', '-c', 'exit $CODE'], env }] },
  }
  return {
    metadata: {
      name,
      namespace,
      annotations: { 'kubewise.io/idempotent': 'true' },
      ...(owner && {
        ownerReferences: [{ apiVersion, kind, name: metadata?.name ?? '', uid: metadata?.uid ?? '', controller: true }],
      }),
    },
    spec: { backoffLimit: 0, completions, parallelism: completions, template },
  } as KubernetesObject
}

async function decideFate(kube: Kube, namespace: string, code: string): Promise<void> {
  const found = await kube.get(RESOURCES.ConfigMap, { namespace, name: 'fate' })
  const data = { code }
  if (found) await kube.patch(RESOURCES.ConfigMap, { namespace, name: 'fate' }, { type: 'merge', body: { data } })
  else await kube.create(RESOURCES.ConfigMap, { metadata: { name: 'fate', namespace }, data } as KubernetesObject)
}

/** Makes a Job, alone or of a CronJob that makes none itself, and waits for its end. */
async function makeJob(
  kube: Kube,
  kind: string,
  namespace: string,
  { code, completions = 1 }: { code: string; completions?: number },
): Promise<void> {
  await decideFate(kube, namespace, code)
  const jobTemplate = { spec: (jobOf(NAME, namespace, completions) as Job).spec }
  const spec = { schedule: '0 0 1 1 *', jobTemplate }
  const owner =
    kind === 'CronJob'
      ? await kube.create(RESOURCES.CronJob, { metadata: { name: NAME, namespace }, spec } as KubernetesObject)
      : undefined
  await kube.create(RESOURCES.Job, jobOf(NAME, namespace, completions, owner))
  const wanted = code === '0' ? 'Complete' : 'Failed'
  const hasEnded = async () => conditionOf(await jobNamed(kube, namespace, NAME), wanted)?.status === 'True'
  await eventually(hasEnded, { ...SOON, say: `the Job in ${namespace} is ${wanted}` })
}

async function jobNamed(kube: Kube, namespace: string, name: string) {
  const { status = {} } = await read<Job>(kube, { kind: 'Job', namespace, name })
  return { status }
}

const ofJobs = (kind: string): ActionCase =>
  deleteFinishedPods(kind, (kube, namespace) => makeJob(kube, kind, namespace, { code: '0', completions: 2 }), [
    'signal-cleared',
  ])

const rerunJob = (kind: string): ActionCase => ({
  action: 'rerun-job@1',
  kind,
  async make(kube, namespace) {
    await makeJob(kube, kind, namespace, { code: '1' })
    await decideFate(kube, namespace, '0')
  },
  async step(kube, { cluster, namespace }) {
    const place = { kind: 'Job', namespace, name: NAME }
    const { metadata } = await read(kube, place)
    const object = { cluster, ...place, uid: metadata?.uid ?? '' }
    return { object, with: { job: NAME, uid: object.uid } }
  },
  async isDone(_, _step, kube, namespace) {
    const { items } = await kube.list<Job>(RESOURCES.Job, { namespace })
    const copies = items.filter(({ metadata }) => metadata?.name?.startsWith(`${NAME}-rerun-`))
    return copies.length === 1 && conditionOf({ status: copies[0]?.status ?? {} }, 'Complete')?.status === 'True'
  },
  expect: ['job-completed'],
  writes: ['create jobs'],
  undoWrites: ['delete jobs'],
})

export const POD_CASES: readonly ActionCase[] = [
  resizePod,
  deletePod,
  ofReplicaSet,
  ofJobs('Job'),
  ofJobs('CronJob'),
  rerunJob('Job'),
  rerunJob('CronJob'),
]
