import type { Container, KubernetesObject, Pod, Resource, Toleration, Volume } from '@kubewise/kube'
import { forbidden } from '../../objects/api-status.ts'
import { randomSuffix } from '../../objects/random.ts'
import type { AdmissionRequest, Mutate } from './admission.ts'

export const SERVICE_ACCOUNT: Resource = {
  kind: 'ServiceAccount',
  group: '',
  version: 'v1',
  plural: 'serviceaccounts',
  isNamespaced: true,
}

export const PRIORITY_CLASS: Resource = {
  kind: 'PriorityClass',
  group: 'scheduling.k8s.io',
  version: 'v1',
  plural: 'priorityclasses',
  isNamespaced: false,
}

const TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount'
const EVICTED_AFTER_SECONDS = 300

const NODE_TOLERATIONS: Toleration[] = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'].map(
  (key) => ({
    key,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: EVICTED_AFTER_SECONDS,
  }),
)

interface PodWithAccount extends Pod {
  spec: NonNullable<Pod['spec']> & {
    serviceAccount?: string
    automountServiceAccountToken?: boolean
    preemptionPolicy?: string
  }
}

function newPod({ operation, resource, subresource, object }: AdmissionRequest): PodWithAccount | undefined {
  const isPod =
    operation === 'CREATE' && resource.plural === 'pods' && resource.group === '' && subresource === undefined
  return isPod ? (object as PodWithAccount) : undefined
}

function tokenVolume(name: string): Volume & { projected: object } {
  const rootCa = { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] }
  const namespace = { path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
        { configMap: rootCa },
        { downwardAPI: { items: [namespace] } },
      ],
      defaultMode: 0o644,
    },
  }
}

function mountToken(container: Container, volume: string): void {
  const mounts = container.volumeMounts ?? []
  if (mounts.some((mount) => mount.mountPath === TOKEN_PATH)) return
  container.volumeMounts = [...mounts, { name: volume, readOnly: true, mountPath: TOKEN_PATH }]
}

/** A new pod runs as a service account that exists, and finds its token where programs look for it. */
export const fillServiceAccount: Mutate = (request, { objects, random }) => {
  const pod = newPod(request)
  if (pod === undefined) return
  const name = (pod.spec.serviceAccountName ??= 'default')
  pod.spec.serviceAccount = name
  const account = objects.get<KubernetesObject & { automountServiceAccountToken?: boolean }>(
    SERVICE_ACCOUNT,
    request.namespace,
    name,
  )
  if (account === undefined) {
    const place = `${request.namespace}/${name}`
    throw forbidden(
      request.resource,
      request.name,
      `error looking up service account ${place}: serviceaccount "${name}" not found`,
    )
  }
  const mounts = pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true
  if (!mounts) return
  const volume = `kube-api-access-${randomSuffix(random)}`
  pod.spec.volumes = [...(pod.spec.volumes ?? []), tokenVolume(volume)]
  for (const container of [...(pod.spec.initContainers ?? []), ...(pod.spec.containers ?? [])])
    mountToken(container, volume)
}

/** A new pod's priority is its class's; the default class's, or 0, where it names none. */
export const fillPriority: Mutate = (request, { objects }) => {
  const pod = newPod(request)
  if (pod === undefined) return
  const wanted = pod.spec.priorityClassName
  type PriorityClass = KubernetesObject & { value?: number; globalDefault?: boolean; preemptionPolicy?: string }
  const found =
    wanted === undefined || wanted === ''
      ? objects.list<PriorityClass>(PRIORITY_CLASS).find((it) => it.globalDefault === true)
      : objects.get<PriorityClass>(PRIORITY_CLASS, undefined, wanted)
  if (found === undefined && wanted !== undefined && wanted !== '') {
    throw forbidden(request.resource, request.name, `no PriorityClass with name ${wanted} was found`)
  }
  if (found?.metadata?.name !== undefined) pod.spec.priorityClassName = found.metadata.name
  pod.spec.priority = found?.value ?? 0
  pod.spec.preemptionPolicy = found?.preemptionPolicy ?? 'PreemptLowerPriority'
}

/** A new pod stays on a node that fails for five minutes. */
export const fillTolerations: Mutate = (request) => {
  const pod = newPod(request)
  if (pod === undefined) return
  const own = pod.spec.tolerations ?? []
  const isCovered = ({ key }: Toleration) =>
    own.some(
      (it) =>
        (it.key === key || (it.key === undefined && it.operator === 'Exists')) &&
        (it.effect ?? 'NoExecute') === 'NoExecute',
    )
  pod.spec.tolerations = [...own, ...NODE_TOLERATIONS.filter((toleration) => !isCovered(toleration))]
}
