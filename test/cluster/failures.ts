import {
  RESOURCES,
  type DaemonSet,
  type Deployment,
  type Kube,
  type KubernetesObject,
  type Pod,
  type Resource,
  type StatefulSet,
} from '@kubewise/kube'
import { HUNGRY, IDLE, NEEDS_GOOD_HOST, RUNS_AWAY, workload } from './workloads.ts'

type Workload = Deployment & StatefulSet & DaemonSet

/** A failure of a real workload: how it is made, how it is broken, and how the API server tells that it is well again. */
export interface Failure {
  name: string
  workload: { resource: Resource; object: KubernetesObject }
  /** Whether it is well before it is broken; one that is born broken is not. */
  isBornWell: boolean
  break(kube: Kube, namespace: string): Promise<void>
  isRepaired(found: Workload, pods: readonly Pod[]): boolean
}

/** All wanted pods of the newest template are ready. */
export function isWell({ metadata, spec, status }: Workload): boolean {
  const wanted = status?.desiredNumberScheduled ?? spec?.replicas ?? 1
  const updated = status?.updatedReplicas ?? status?.updatedNumberScheduled ?? 0
  const ready = status?.readyReplicas ?? status?.numberReady ?? 0
  return (
    (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0) &&
    updated >= wanted &&
    ready >= wanted &&
    wanted > 0
  )
}

const container = ({ spec }: Workload) => spec?.template?.spec?.containers[0]
const patchContainer = (resource: Resource, name: string, change: object) => (kube: Kube, namespace: string) =>
  kube
    .patch(
      resource,
      { namespace, name },
      { type: 'strategic', body: { spec: { template: { spec: { containers: [{ name: 'app', ...change }] } } } } },
    )
    .then(() => undefined)

const BAD_HOST = { env: [{ name: 'DB_HOST', value: 'bad' }] }
const BAD_IMAGE = { image: 'busybox:nope' }
const hostIsGood = (found: Workload) =>
  isWell(found) && container(found)?.env?.some(({ name, value }) => name === 'DB_HOST' && value === 'good') === true
const imageIsGood = (found: Workload) => isWell(found) && container(found)?.image === 'busybox:1'

async function annotateOne(kube: Kube, namespace: string, app: string): Promise<void> {
  const { items } = await kube.list<Pod>(RESOURCES.Pod, { namespace, labelSelector: `app=${app}` })
  const name = items.map((pod) => pod.metadata?.name ?? '').sort()[0]!
  await kube.patch(
    RESOURCES.Pod,
    { namespace, name },
    { type: 'merge', body: { metadata: { annotations: { runaway: 'yes' } } } },
  )
}

/** The four failures of the demo, with real pods. */
export const FAILURES: readonly Failure[] = [
  {
    name: 'memory',
    workload: workload({ name: 'memory', script: HUNGRY, limits: { memory: '32Mi' }, readiness: 'test -f /tmp/ready' }),
    isBornWell: false,
    break: async () => undefined,
    isRepaired: (found) => isWell(found) && container(found)?.resources?.limits?.['memory'] !== '32Mi',
  },
  {
    name: 'bad-rollout',
    workload: workload({ name: 'bad-rollout', replicas: 2, script: NEEDS_GOOD_HOST, env: { DB_HOST: 'good' } }),
    isBornWell: true,
    break: patchContainer(RESOURCES.Deployment, 'bad-rollout', BAD_HOST),
    isRepaired: hostIsGood,
  },
  {
    name: 'bad-image',
    workload: workload({ name: 'bad-image', replicas: 2, script: IDLE }),
    isBornWell: true,
    break: patchContainer(RESOURCES.Deployment, 'bad-image', BAD_IMAGE),
    isRepaired: imageIsGood,
  },
  {
    name: 'runaway-replica',
    workload: workload({ name: 'runaway-replica', replicas: 3, script: RUNS_AWAY, limits: { cpu: '200m' } }),
    isBornWell: true,
    break: (kube, namespace) => annotateOne(kube, namespace, 'runaway-replica'),
    isRepaired: (found, pods) =>
      isWell(found) &&
      pods.every(
        (pod) => pod.metadata?.annotations?.['runaway'] === undefined && pod.metadata?.deletionTimestamp === undefined,
      ),
  },
]

/** The same causes on the other kinds. */
export const OTHER_KINDS: readonly Failure[] = [
  {
    name: 'statefulset-bad-rollout',
    workload: workload({
      name: 'statefulset-bad-rollout',
      kind: 'StatefulSet',
      replicas: 2,
      script: NEEDS_GOOD_HOST,
      env: { DB_HOST: 'good' },
    }),
    isBornWell: true,
    break: patchContainer(RESOURCES.StatefulSet, 'statefulset-bad-rollout', BAD_HOST),
    isRepaired: hostIsGood,
  },
  {
    name: 'statefulset-memory',
    workload: workload({
      name: 'statefulset-memory',
      kind: 'StatefulSet',
      script: HUNGRY,
      limits: { memory: '32Mi' },
      readiness: 'test -f /tmp/ready',
    }),
    isBornWell: false,
    break: async () => undefined,
    isRepaired: (found) => isWell(found) && container(found)?.resources?.limits?.['memory'] !== '32Mi',
  },
  {
    name: 'daemonset-bad-image',
    workload: workload({ name: 'daemonset-bad-image', kind: 'DaemonSet', script: IDLE }),
    isBornWell: true,
    break: patchContainer(RESOURCES.DaemonSet, 'daemonset-bad-image', BAD_IMAGE),
    isRepaired: imageIsGood,
  },
]
