import { idOf, keyOf, subjects, type ObjectState } from '@kubewise/contracts'
import {
  RESOURCES,
  type Kube,
  type KubernetesObject,
  type Observer,
  type Reflector,
  type Resource,
} from '@kubewise/kube'
import type { Clock, Logger } from '@kubewise/service'
import type { Outbox } from './outbox.ts'
import type { OwnerIndex } from './owner-index.ts'
import { daemonSetState, deploymentState, jobState, nodeState, podState, statefulSetState } from './state-of.ts'

interface Watched {
  resource: Resource
  /** Absent for kinds that are watched only to know who owns whom. */
  stateOf?: (object: KubernetesObject) => ObjectState['state']
}

/** Owners before what they own, so that a pod's target is known when it comes. */
const WATCHED: readonly Watched[] = [
  { resource: RESOURCES.CronJob },
  { resource: RESOURCES.Job, stateOf: jobState },
  { resource: RESOURCES.ReplicaSet },
  { resource: RESOURCES.Deployment, stateOf: deploymentState },
  { resource: RESOURCES.StatefulSet, stateOf: statefulSetState },
  { resource: RESOURCES.DaemonSet, stateOf: daemonSetState },
  { resource: RESOURCES.Node, stateOf: nodeState },
  { resource: RESOURCES.Pod, stateOf: podState },
]

export interface ObjectWatchPorts {
  cluster: string
  kube: Kube
  outbox: Outbox
  owners: OwnerIndex
  clock: Clock
  log: Logger
  onPodGone(namespace: string, name: string): void
}

export interface ObjectWatch {
  /** When each watch was last confirmed, by plural. */
  confirmed(): Record<string, number>
  /** Sends every known state anew: for readers that missed a deletion or began late. */
  resend(): void
  stop(): Promise<void>
}

/** Watches workloads, pods and nodes, and publishes the state of each as it changes. Resolves at the first complete view. */
export async function startObjectWatch(ports: ObjectWatchPorts, signal: AbortSignal): Promise<ObjectWatch> {
  const watches: { resource: Resource; reflector: Reflector; resend(): void }[] = []
  for (const watched of WATCHED) {
    const publisher = createPublisher(ports, watched)
    const reflector = ports.kube.reflect(watched.resource, {}, publisher.observer)
    watches.push({ resource: watched.resource, reflector, resend: publisher.resend })
    await Promise.race([reflector.synced, aborted(signal)])
  }
  return {
    confirmed: () =>
      Object.fromEntries(
        watches.flatMap(({ resource, reflector }) =>
          reflector.confirmedMs() === undefined ? [] : [[resource.plural, reflector.confirmedMs()!]],
        ),
      ),
    resend: () => watches.forEach((watch) => watch.resend()),
    stop: async () => void (await Promise.all(watches.map(({ reflector }) => reflector.stop()))),
  }
}

const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) =>
    signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true }),
  )

/** Publishes one kind; remembers what was said of each object, so that a change that changes nothing for us is not sent. */
function createPublisher(
  ports: ObjectWatchPorts,
  { resource, stateOf }: Watched,
): { observer: Observer<KubernetesObject>; resend(): void } {
  const { cluster, outbox, owners, clock } = ports
  const kind = resource.kind
  const said = new Map<string, { object: KubernetesObject; text: string }>()
  let round = 0

  const nameOf = (object: KubernetesObject) =>
    `${object.metadata?.namespace ?? ''}/${object.metadata?.name ?? ''}/${object.metadata?.uid ?? ''}`

  function publish(object: KubernetesObject, state: ObjectState['state'], isDeleted: boolean): void {
    const { namespace = '', name = '', uid, resourceVersion = '' } = object.metadata ?? {}
    const entity = { cluster, kind, namespace, name, ...(uid !== undefined && { uid }) }
    const target = owners.targetOf(kind, namespace, name)
    const body: ObjectState = {
      kind: 'object-state',
      cluster,
      entity,
      target,
      resourceVersion,
      observedMs: clock.now(),
      isDeleted,
      state,
    }
    outbox.add(
      subjects.object(target, entity),
      body,
      idOf('object', keyOf(entity), uid ?? '', resourceVersion, String(isDeleted), round),
      'kept',
    )
  }

  function upsert(object: KubernetesObject): void {
    owners.set(kind, object)
    if (!stateOf) return
    const state = stateOf(object)
    const text = JSON.stringify(state)
    const known = said.get(nameOf(object))
    said.set(nameOf(object), { object, text })
    if (known?.text !== text) publish(object, state, false)
  }

  function remove(object: KubernetesObject): void {
    const known = said.get(nameOf(object))
    if (stateOf && known) publish(object, stateOf(object), true)
    said.delete(nameOf(object))
    owners.delete(kind, object)
    if (kind === 'Pod') ports.onPodGone(object.metadata?.namespace ?? '', object.metadata?.name ?? '')
  }

  return {
    observer: {
      onReplace(items) {
        const present = new Set(items.map(nameOf))
        for (const [name, { object }] of said) if (!present.has(name)) remove(object)
        items.forEach(upsert)
      },
      onUpsert: upsert,
      onDelete: remove,
      onError: (error) => ports.log.warn({ kind, err: error }, 'watch failed, going on'),
    },
    resend() {
      round += 1
      if (stateOf) for (const { object } of said.values()) publish(object, stateOf(object), false)
    },
  }
}
