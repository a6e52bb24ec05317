import { idOf, keyOf, subjects, type ObjectState, type Target } from '@kubewise/contracts'
import type { KubernetesObject } from '@kubewise/kube'
import type { Clock } from '@kubewise/service'
import type { CriticalMarks } from './critical-marks.ts'
import type { Outbox } from './outbox.ts'
import type { OwnerIndex } from './owner-index.ts'
import type { Relations } from './relations.ts'
import type { Watched } from './watched.ts'

export interface PublisherPorts {
  cluster: string
  outbox: Pick<Outbox, 'add'>
  owners: OwnerIndex
  relations: Relations
  marks: CriticalMarks
  clock: Clock
  onPodGone(namespace: string, name: string): void
}

export interface Publisher {
  observer: {
    onReplace(items: readonly KubernetesObject[]): void
    onUpsert(object: KubernetesObject): void
    onDelete(object: KubernetesObject): void
  }
  /** Says what other objects' changes made different, where they were. */
  refresh(isTouched: (namespace: string) => boolean): void
  /** Says everything anew. */
  resend(): void
}

/** What was said of an object last; without a target, nothing is said of its kind. */
interface Said {
  object: KubernetesObject
  text: string
  target?: Target
}

const nameOf = ({ metadata }: KubernetesObject) =>
  `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}/${metadata?.uid ?? ''}`

/** As much as tells who is gone after a relist: a ReplicaSet or EndpointSlice need not be kept whole. */
const nameOnly = ({ metadata: { name, namespace, uid, labels } = {} }: KubernetesObject): KubernetesObject => ({
  metadata: {
    ...(name !== undefined && { name }),
    ...(namespace !== undefined && { namespace }),
    ...(uid !== undefined && { uid }),
    ...(labels && { labels }),
  },
})

/** Publishes one kind; remembers what was said of each object, so that a change that changes nothing for us is not sent. */
export function createPublisher(ports: PublisherPorts, watched: Watched): Publisher {
  const { cluster, outbox, owners, relations, marks, clock } = ports
  const { stateOf, belongsTo, isDerived = false } = watched
  const kind = watched.resource.kind
  const said = new Map<string, Said>()
  /** A derived state changes while its object's version stays: the count tells its messages apart. */
  let count = 0

  function publish(object: KubernetesObject, target: Target, state: ObjectState['state'], isDeleted: boolean): void {
    const { namespace = '', name = '', uid, resourceVersion = '' } = object.metadata ?? {}
    const entity = { cluster, kind, namespace, name, ...(uid !== undefined && { uid }) }
    const observedMs = clock.now()
    const id = idOf('object', keyOf(entity), keyOf(target), uid ?? '', resourceVersion, String(isDeleted), count)
    const body: ObjectState = {
      kind: 'object-state',
      cluster,
      entity,
      target,
      resourceVersion,
      observedMs,
      isDeleted,
      state,
    }
    outbox.add(subjects.object(target, entity), body, id, 'state')
  }

  function ownerIn(before: Said | undefined): Target | undefined {
    return before?.target?.kind === kind ? undefined : before?.target
  }

  function targetOf(object: KubernetesObject, before: Said | undefined): Target {
    const { namespace = '', name = '' } = object.metadata ?? {}
    // A selector that finds nothing at the moment does not change whom its object is about.
    if (belongsTo) owners.follow(kind, namespace, name, belongsTo(object, relations) ?? ownerIn(before))
    return owners.targetOf(kind, namespace, name)
  }

  function say(object: KubernetesObject): void {
    if (!stateOf) return void said.set(nameOf(object), { object: nameOnly(object), text: '' })
    const before = said.get(nameOf(object))
    const state = stateOf(object, relations)
    if (!state) return void said.set(nameOf(object), { object, text: '' })
    const target = targetOf(object, before)
    const now = { object, text: JSON.stringify(state), target }
    said.set(nameOf(object), now)
    const old = before?.target
    const isElsewhere = old !== undefined && keyOf(old) !== keyOf(target)
    if (before?.text === now.text && !isElsewhere) return
    if (isDerived) count += 1
    if (isElsewhere) publish(object, old, state, true)
    publish(object, target, state, false)
  }

  function upsert(object: KubernetesObject): void {
    owners.set(kind, object)
    relations.upsert(kind, object)
    marks.upsert(kind, object)
    say(object)
  }

  function remove(object: KubernetesObject): void {
    const known = said.get(nameOf(object))
    relations.remove(kind, object)
    marks.remove(kind, object)
    const state = known?.target && stateOf?.(object, relations)
    if (known?.target && state) publish(object, known.target, state, true)
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
    },
    refresh(isTouched) {
      if (!isDerived) return
      for (const { object } of said.values()) if (isTouched(object.metadata?.namespace ?? '')) say(object)
    },
    resend() {
      count += 1
      for (const { object, target, text } of said.values())
        if (target) publish(object, target, JSON.parse(text) as ObjectState['state'], false)
    },
  }
}
