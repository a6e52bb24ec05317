import { COLLECTIONS, type Incident } from '@kubewise/contracts'
import {
  conditionOf,
  isPodReady,
  isTerminating,
  waitingReasonOf,
  type EventObject,
  type KubernetesObject,
  type LimitRange,
  type NetworkPolicy,
  type Node,
  type PersistentVolumeClaim,
  type Pod,
  type PodMetrics,
  type ResourceQuota,
  type Service,
  type StorageClass,
  type WebhookConfiguration,
} from '@kubewise/kube'
import type { Clock } from '@kubewise/service'
import type { Store } from '@kubewise/store'
import { autoscalerOf } from './autoscaler-facts.ts'
import type { Context, Surroundings } from './context.ts'
import { eventTimeMs } from './events.ts'
import type { OptionalReads } from './optional-reads.ts'
import { pressuresOf } from './node-facts.ts'
import { wantedPods } from './target-facts.ts'
import { claimNamesOf } from './volume-facts.ts'

/** A server keeps Events for an hour; in a namespace where more than this many warn, it is told as not read in full. */
const MOST_WARNINGS = 2_000
const MOST_EVENTS = 200
/** All pods of the cluster, for room on its nodes. */
const MOST_PODS = 10_000
/** Nodes whose pods are looked at. */
const MOST_NODES = 3
const MOST_SIBLINGS = 200
const MOST_KILLS = 100
const SIBLINGS_KEPT_MS = 2_000

/** What can be asked for before anything of the target is known. */
export type FirstRead = Pick<
  Surroundings,
  'nodes' | 'quotas' | 'limitRanges' | 'networkPolicies' | 'siblings' | 'pastKillsMs'
> & { warnings: readonly EventObject[] }

/** What the first read has made known, as the second needs it. */
export type Known = Pick<Context, 'incident' | 'target' | 'pods' | 'revisions' | 'jobs' | 'autoscalers' | 'nowMs'>

const IMAGE_WAITS: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'RegistryUnavailable',
  'InvalidImageName',
])

/** Reads the first half: as much as possible at once, for it is on the way from a container's death to the plan. */
export async function readFirst(
  reads: OptionalReads,
  record: SurroundingRecord,
  incident: Incident,
): Promise<FirstRead> {
  const { namespace, kind } = incident.target
  const inNamespace = namespace !== ''
  const none = Promise.resolve([])
  const [nodes, quotas, limitRanges, networkPolicies, warnings, siblings, pastKillsMs] = await Promise.all([
    reads.list<Node>('Node'),
    inNamespace ? reads.list<ResourceQuota>('ResourceQuota', { namespace }) : none,
    inNamespace ? reads.list<LimitRange>('LimitRange', { namespace }) : none,
    inNamespace ? reads.list<NetworkPolicy>('NetworkPolicy', { namespace }) : none,
    readWarnings(reads, inNamespace ? namespace : kind === 'Node' ? 'default' : ''),
    record.siblingsOf(incident),
    record.killsOf(incident),
  ])
  return { nodes, quotas, limitRanges, networkPolicies, warnings, siblings, pastKillsMs }
}

/** Preemption is told by a Normal Event. */
async function readWarnings(reads: OptionalReads, namespace: string): Promise<readonly EventObject[]> {
  if (namespace === '') return []
  const [warnings, preemptions] = await Promise.all([
    reads.list<EventObject>('Event', { namespace, fieldSelector: 'type=Warning', atMost: MOST_WARNINGS }),
    reads.list<EventObject>('Event', { namespace, fieldSelector: 'reason=Preempted', atMost: MOST_WARNINGS }),
  ])
  return [...warnings, ...preemptions]
}

const isUnschedulable = (pod: Pod) => conditionOf(pod, 'PodScheduled')?.status === 'False'

/** Is any pod of the target not there, or not well? */
function isWanting({ target, pods }: Known): boolean {
  const present = pods.filter((pod) => !isTerminating(pod))
  return present.filter(isPodReady).length < wantedPods(target) || present.some((pod) => !isPodReady(pod))
}

const isMissingPods = ({ target, pods }: Known) => pods.filter((pod) => !isTerminating(pod)).length < wantedPods(target)

/** The nodes that are short of something and that this incident is about. */
function pressuredNodes({ incident, pods }: Known, nodes: readonly Node[]): string[] {
  const concerned =
    incident.target.kind === 'Node'
      ? new Set([incident.target.name])
      : new Set(pods.flatMap(({ spec }) => spec?.nodeName ?? []))
  return nodes
    .filter((node) => concerned.has(node.metadata?.name ?? '') && pressuresOf(node).length > 0)
    .map(({ metadata }) => metadata?.name ?? '')
    .slice(0, MOST_NODES)
}

/** Must room on the nodes be known: a pod waits for a place, or the autoscaler is at its end. */
function isRoomAsked(known: Known): boolean {
  const autoscaler = autoscalerOf(known)
  const { currentReplicas = 0 } = autoscaler?.status ?? {}
  const isAtMax =
    autoscaler !== undefined && currentReplicas >= (autoscaler.spec?.maxReplicas ?? Number.POSITIVE_INFINITY)
  return isAtMax || known.pods.some(isUnschedulable)
}

async function readNeighbours(
  reads: OptionalReads,
  known: Known,
  nodes: readonly Node[],
): Promise<Pick<Surroundings, 'neighbours' | 'neighbourhood' | 'usage'>> {
  const pressured = pressuredNodes(known, nodes)
  const isCluster = isRoomAsked(known)
  const [lists, usage] = await Promise.all([
    isCluster
      ? reads.list<Pod>('Pod', { atMost: MOST_PODS }).then((pods) => [pods])
      : Promise.all(pressured.map((name) => reads.list<Pod>('Pod', { fieldSelector: `spec.nodeName=${name}` }))),
    pressured.length > 0 ? reads.list<PodMetrics>('PodMetrics') : [],
  ])
  // A part of the pods would make the nodes look emptier than they are.
  const isWhole = isCluster && !reads.unread().includes('Pod')
  const neighbourhood = isWhole ? 'cluster' : pressured.length > 0 && !isCluster ? 'nodes' : 'none'
  return { neighbours: lists.flat(), neighbourhood, usage }
}

async function readVolumes(
  reads: OptionalReads,
  known: Known,
): Promise<Pick<Surroundings, 'claims' | 'storageClasses'>> {
  const { incident, target, pods } = known
  const { kind, namespace } = incident.target
  const names = kind === 'PersistentVolumeClaim' ? new Set([incident.target.name]) : claimNamesOf({ target, pods })
  if (names.size === 0) return { claims: [], storageClasses: [] }
  const [claims, storageClasses] = await Promise.all([
    reads.list<PersistentVolumeClaim>('PersistentVolumeClaim', { namespace }),
    reads.list<StorageClass>('StorageClass'),
  ])
  return { claims: claims.filter(({ metadata }) => names.has(metadata?.name ?? '')), storageClasses }
}

async function readWebhooks(reads: OptionalReads, known: Known): Promise<readonly WebhookConfiguration[]> {
  const isAsked = known.incident.target.kind.endsWith('WebhookConfiguration') || isMissingPods(known)
  if (!isAsked) return []
  const lists = await Promise.all([
    reads.list<WebhookConfiguration>('ValidatingWebhookConfiguration'),
    reads.list<WebhookConfiguration>('MutatingWebhookConfiguration'),
  ])
  return lists.flat()
}

async function readServicePods(reads: OptionalReads, { target }: Known): Promise<readonly Pod[]> {
  if (target?.kind !== 'Service') return []
  const selector = Object.entries((target as Service).spec?.selector ?? {})
  const namespace = target.metadata?.namespace
  if (selector.length === 0 || namespace === undefined) return []
  return reads.list<Pod>('Pod', {
    namespace,
    labelSelector: selector.map(([key, value]) => `${key}=${value}`).join(','),
  })
}

/** Events of the target and of what belongs to it, newest first. */
function eventsOf(
  known: Known,
  claims: readonly PersistentVolumeClaim[],
  warnings: readonly EventObject[],
): readonly EventObject[] {
  const { incident, target, pods, revisions, jobs } = known
  const objects: (KubernetesObject | undefined)[] = [target, ...pods, ...jobs, ...claims, autoscalerOf(known)]
  const uids = new Set([
    ...objects.flatMap((object) => object?.metadata?.uid ?? []),
    ...revisions.map(({ uid }) => uid),
  ])
  const isOfTarget = ({ regarding }: EventObject) =>
    uids.has(regarding?.uid ?? '') ||
    // A node's Events carry its name for a uid.
    (incident.target.kind === 'Node' && regarding?.kind === 'Node' && regarding.name === incident.target.name)
  return warnings
    .filter(isOfTarget)
    .sort((a, b) => (eventTimeMs(b) ?? 0) - (eventTimeMs(a) ?? 0))
    .slice(0, MOST_EVENTS)
}

/** Reads what the first half and the target's own objects have shown to matter. */
export async function readSecond(
  reads: OptionalReads,
  known: Known,
  { warnings, ...first }: FirstRead,
): Promise<Surroundings> {
  const isImageFailing = known.pods.some((pod) => IMAGE_WAITS.has(waitingReasonOf(pod) ?? ''))
  const isAsked = isWanting(known)
  const [around, volumes, webhooks, servicePods, pendingPods] = await Promise.all([
    readNeighbours(reads, known, first.nodes),
    readVolumes(reads, known),
    isAsked || known.pods.length === 0 ? readWebhooks(reads, known) : [],
    readServicePods(reads, known),
    isImageFailing ? reads.list<Pod>('Pod', { fieldSelector: 'status.phase=Pending', atMost: MOST_PODS }) : [],
  ])
  return {
    ...first,
    ...around,
    ...volumes,
    webhooks,
    servicePods,
    pendingPods,
    events: eventsOf(known, volumes.claims, warnings),
    unread: reads.unread(),
  }
}

/** What the record knows around an incident. */
export interface SurroundingRecord {
  siblingsOf(incident: Incident): Promise<readonly Incident[]>
  killsOf(incident: Incident): Promise<readonly number[]>
}

const KILL_RULE = 'memory-kill'

export function createSurroundingRecord(store: Store, clock: Clock): SurroundingRecord {
  const incidents = store.collection(COLLECTIONS.incidents)
  const anomalies = store.collection(COLLECTIONS.anomalies)
  let kept: { open: Promise<readonly Incident[]>; untilMs: number } | undefined

  function open(): Promise<readonly Incident[]> {
    if (kept && clock.monotonic() < kept.untilMs) return kept.open
    const found = incidents
      .find({ where: { status: 'open' }, orderBy: 'openedMs', direction: 'desc', limit: MOST_SIBLINGS })
      .then(({ items }) => items)
    const mine = { open: found, untilMs: clock.monotonic() + SIBLINGS_KEPT_MS }
    kept = mine
    found.catch(() => {
      if (kept === mine) kept = undefined
    })
    return found
  }

  return {
    siblingsOf: async ({ _id, cluster }) =>
      (await open()).filter((incident) => incident._id !== _id && incident.cluster === cluster),
    async killsOf({ target, signals }) {
      if (!signals.some(({ rule }) => rule === KILL_RULE)) return []
      const where = { 'target.namespace': target.namespace, 'target.name': target.name, 'rule.name': KILL_RULE }
      const { items } = await anomalies.find({ where, orderBy: 'detectedMs', direction: 'desc', limit: MOST_KILLS })
      return items.filter((each) => each.target.kind === target.kind).map(({ startedMs }) => startedMs)
    },
  }
}
