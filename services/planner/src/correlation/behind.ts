import type { Target } from '@kubewise/contracts'
import {
  isKubeError,
  RESOURCES,
  type Kube,
  type KubernetesObject,
  type PodTemplate,
  type Service,
  type ServiceRef,
} from '@kubewise/kube'

/** The workloads that a Service sends to, by `namespace/name` of the Service. */
export type Behind = ReadonlyMap<string, readonly Target[]>

interface Workload extends KubernetesObject {
  spec?: { template?: PodTemplate }
}

const KINDS = [RESOURCES.Deployment, RESOURCES.StatefulSet, RESOURCES.DaemonSet]

const isSelected = (selector: Readonly<Record<string, string>>, { spec }: Workload) =>
  Object.entries(selector).every(([key, value]) => spec?.template?.metadata?.labels?.[key] === value)

/** What may not be read stands behind nothing: whose namespace that is, is its owner's matter. */
async function listed(list: Promise<{ items: Workload[] }>): Promise<Workload[]> {
  try {
    return (await list).items
  } catch (error) {
    if (isKubeError(error, 'forbidden')) return []
    throw error
  }
}

/**
 * Finds out what stands behind some Services.
 * @throws KubeError when workloads cannot be listed, for another reason than that they may not be
 */
export async function readBehind(
  kube: Pick<Kube, 'list'>,
  cluster: string,
  refs: readonly ServiceRef[],
  services: readonly Service[],
  signal: AbortSignal,
): Promise<Behind> {
  const namespaces = [...new Set(refs.map(({ namespace }) => namespace))]
  const lists = await Promise.all(
    namespaces.flatMap((namespace) =>
      KINDS.map((resource) => listed(kube.list<Workload>(resource, { namespace }, signal))),
    ),
  )
  const workloads = lists.flat()
  const behind = refs.map(({ namespace, name }): [string, Target[]] => {
    const service = services.find(({ metadata }) => metadata?.name === name && metadata.namespace === namespace)
    const selector = service?.spec?.selector ?? {}
    const found = Object.keys(selector).length === 0 ? [] : workloads.filter((each) => isSelected(selector, each))
    const targets = found
      .filter(({ metadata }) => metadata?.namespace === namespace)
      .map(({ kind = '', metadata }) => ({
        cluster,
        kind,
        namespace,
        name: metadata?.name ?? '',
        ...(metadata?.uid !== undefined && { uid: metadata.uid }),
      }))
    return [`${namespace}/${name}`, targets]
  })
  return new Map(behind)
}
