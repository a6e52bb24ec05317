import { RESOURCES, type Kube, type KubernetesObject, type Pod } from '@kubewise/kube'
import { eventually } from '@kubewise/testkit'
import type { Failure } from './failures.ts'
import { isWell } from './failures.ts'

/** Makes a namespace; managed ones opted in by their label. */
export async function createNamespace(kube: Kube, name: string, isManaged: boolean): Promise<void> {
  await kube.create(RESOURCES.Namespace, {
    metadata: { name, ...(isManaged && { labels: { 'kubewise.io/managed': 'true' } }) },
  })
}

/** A namespace is not needed any more; it need not be gone at once. */
export async function discardNamespace(kube: Kube, name: string): Promise<void> {
  const { metadata } = (await kube.get(RESOURCES.Namespace, { name })) ?? {}
  if (metadata && metadata.deletionTimestamp === undefined)
    await kube.delete(RESOURCES.Namespace, { name }, metadata.uid ?? '')
}

/** Deletes a namespace with all in it, if it is there, and waits until it is gone. */
export async function deleteNamespace(kube: Kube, name: string): Promise<void> {
  await discardNamespace(kube, name)
  await eventually(async () => (await kube.get(RESOURCES.Namespace, { name })) === undefined, {
    timeoutMs: 120_000,
    say: `namespace ${name} is gone`,
  })
}

export const inNamespace = (object: KubernetesObject, namespace: string): KubernetesObject => ({
  ...object,
  metadata: { ...object.metadata, namespace },
})

const nameOf = ({ workload }: Failure) => workload.object.metadata?.name ?? ''
const found = (kube: Kube, namespace: string, failure: Failure) =>
  kube.get<KubernetesObject>(failure.workload.resource, { namespace, name: nameOf(failure) })

/** A revision counts as healthy after 10 s; its watchers need a moment to see it. */
const HEALTHY_MS = 15_000

/** Creates the workloads and waits until those that are born well have been so for as long as makes a revision healthy. */
export async function deploy(kube: Kube, namespace: string, failures: readonly Failure[]): Promise<void> {
  for (const { workload } of failures) await kube.create(workload.resource, inNamespace(workload.object, namespace))
  for (const failure of failures.filter(({ isBornWell }) => isBornWell)) {
    const isHealthy = async () =>
      isWell((await found(kube, namespace, failure)) as Parameters<typeof isWell>[0]) &&
      (await readyForMs(kube, namespace, nameOf(failure))) >= HEALTHY_MS
    await eventually(isHealthy, { timeoutMs: 120_000, say: `${failure.name} is well before it is broken` })
  }
}

/** For how long the pod that became ready last has been ready. */
async function readyForMs(kube: Kube, namespace: string, app: string): Promise<number> {
  const { items } = await kube.list<Pod>(RESOURCES.Pod, { namespace, labelSelector: `app=${app}` })
  const since = items.map((pod) =>
    Date.parse(
      pod.status?.conditions?.find(({ type, status }) => type === 'Ready' && status === 'True')?.lastTransitionTime ??
        '',
    ),
  )
  return since.length === 0 ? 0 : Date.now() - Math.max(...since)
}

/** When the workload was created: a failure that it is born with began then. */
export async function bornMs(kube: Kube, namespace: string, failure: Failure): Promise<number> {
  return Date.parse((await found(kube, namespace, failure))?.metadata?.creationTimestamp ?? '')
}

/** Waits until the API server says that it is repaired. @returns milliseconds since 1970 */
export async function repaired(kube: Kube, namespace: string, failure: Failure, timeoutMs: number): Promise<number> {
  await eventually(
    async () => {
      const [object, pods] = await Promise.all([
        found(kube, namespace, failure),
        kube.list<Pod>(RESOURCES.Pod, { namespace, labelSelector: `app=${nameOf(failure)}` }),
      ])
      return object !== undefined && failure.isRepaired(object, pods.items)
    },
    { timeoutMs, say: `${failure.name} is repaired` },
  )
  return Date.now()
}

/** Every object of a namespace whose fields KubeWise has written. */
export async function touchedBy(kube: Kube, namespace: string, manager: RegExp): Promise<string[]> {
  const kinds = [
    'Deployment',
    'ReplicaSet',
    'StatefulSet',
    'DaemonSet',
    'ControllerRevision',
    'Pod',
    'Job',
    'Service',
    'ConfigMap',
  ] as const
  const lists = await Promise.all(
    kinds.map(async (kind) =>
      (await kube.list(RESOURCES[kind], { namespace })).items.map((object) => ({ kind, object })),
    ),
  )
  return lists
    .flat()
    .filter(({ object }) => object.metadata?.managedFields?.some((entry) => manager.test(entry.manager ?? '')))
    .map(({ kind, object }) => `${kind}/${object.metadata?.name}`)
}
