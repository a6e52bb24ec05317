import {
  RESOURCES,
  type EndpointSlice,
  type Kube,
  type KubernetesObject,
  type LimitRange,
  type Node,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  type ResourceName,
  type ResourceQuota,
  type StorageClass,
  type WebhookConfiguration,
} from '@kubewise/kube'
import { known, unknown, type Known } from '@kubewise/policy'
import { explain, type Clock } from '@kubewise/service'
import type { Place, Webhook } from './place.ts'

export type ReadPlace = (namespace: string, signal: AbortSignal) => Promise<Place>

type Reader = Pick<Kube, 'list'>

/** The cluster's own objects are read for all plans that are evaluated within this time. */
const KEPT_MS = 5_000
/** One server that hangs must not hold a plan for longer. */
const PATIENCE_MS = 5_000
const NOT_ENDED = 'status.phase!=Succeeded,status.phase!=Failed'

async function asKnown<T>(reading: Promise<T>): Promise<Known<T>> {
  try {
    return known(await reading)
  } catch (error) {
    return unknown(explain(error))
  }
}

async function isServed(kube: Reader, { clientConfig }: Pick<Webhook, 'clientConfig'>, signal: AbortSignal) {
  const service = clientConfig?.service
  if (!service) return unknown('it is called by URL')
  const { namespace, name } = service
  const options = { namespace, labelSelector: `kubernetes.io/service-name=${name}` }
  return asKnown(
    kube
      .list<EndpointSlice>(RESOURCES.EndpointSlice, options, signal)
      .then(({ items }) =>
        items.some(({ endpoints }) => endpoints?.some(({ conditions }) => conditions?.ready !== false)),
      ),
  )
}

async function readWebhooks(kube: Reader, signal: AbortSignal): Promise<Webhook[]> {
  const kinds = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'] as const
  const lists = await Promise.all(
    kinds.map(async (kind) => {
      const { items } = await kube.list<WebhookConfiguration>(RESOURCES[kind], {}, signal)
      const isMutating = kind === 'MutatingWebhookConfiguration'
      return items.flatMap(({ webhooks = [] }) => webhooks.map((webhook) => ({ ...webhook, isMutating })))
    }),
  )
  // Many webhooks stand behind one Service.
  const served = new Map<string, Promise<Known<boolean>>>()
  return Promise.all(
    lists.flat().map(async (webhook) => {
      const key = JSON.stringify([webhook.clientConfig?.service?.namespace, webhook.clientConfig?.service?.name])
      const answer = served.get(key) ?? isServed(kube, webhook, signal)
      served.set(key, answer)
      return { ...webhook, isServed: await answer }
    }),
  )
}

type ClusterWide = Pick<Place, 'nodes' | 'pods' | 'webhooks' | 'volumes' | 'classes'>

async function readClusterWide(kube: Reader, signal: AbortSignal): Promise<ClusterWide> {
  const all = <T extends KubernetesObject>(kind: ResourceName, fieldSelector?: string) =>
    asKnown(
      kube
        .list<T>(RESOURCES[kind], fieldSelector === undefined ? {} : { fieldSelector }, signal)
        .then(({ items }) => items),
    )
  const [nodes, pods, webhooks, volumes, classes] = await Promise.all([
    all<Node>('Node'),
    all<Pod>('Pod', NOT_ENDED),
    asKnown(readWebhooks(kube, signal)),
    all<PersistentVolume>('PersistentVolume'),
    all<StorageClass>('StorageClass'),
  ])
  return { nodes, pods, webhooks, volumes, classes }
}

/** Reads where new pods would have to find their place; what cannot be read is unknown, with the reason. */
export function createPlaceReader(kube: Reader, clock: Clock): ReadPlace {
  let kept: { wide: Promise<ClusterWide>; untilMs: number } | undefined

  // Not bound to one caller's signal, since others wait for the same answer.
  function clusterWide(): Promise<ClusterWide> {
    if (kept && clock.monotonic() < kept.untilMs) return kept.wide
    const wide = readClusterWide(kube, AbortSignal.timeout(PATIENCE_MS))
    kept = { wide, untilMs: clock.monotonic() + KEPT_MS }
    return wide
  }

  return async (namespace, stopping) => {
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(PATIENCE_MS)])
    const within = <T extends KubernetesObject>(kind: ResourceName) =>
      // What lies in no namespace, such as a node, has none of these around it.
      namespace === ''
        ? known<readonly T[]>([])
        : asKnown(kube.list<T>(RESOURCES[kind], { namespace }, signal).then(({ items }) => items))
    const [wide, quotas, limitRanges, claims] = await Promise.all([
      clusterWide(),
      within<ResourceQuota>('ResourceQuota'),
      within<LimitRange>('LimitRange'),
      within<PersistentVolumeClaim>('PersistentVolumeClaim'),
    ])
    return { ...wide, quotas, limitRanges, claims }
  }
}
