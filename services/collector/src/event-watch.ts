import { idOf, subjects, type KubernetesEvent } from '@kubewise/contracts'
import { RESOURCES, type EventObject, type Kube, type Reflector } from '@kubewise/kube'
import { redactText, type Clock, type Logger } from '@kubewise/service'
import type { CriticalMarks } from './critical-marks.ts'
import type { Outbox, Priority } from './outbox.ts'
import type { OwnerIndex } from './owner-index.ts'
import { msOf } from './state-of.ts'

export interface EventWatchPorts {
  cluster: string
  kube: Pick<Kube, 'reflect'>
  outbox: Pick<Outbox, 'add'>
  owners: OwnerIndex
  marks: Pick<CriticalMarks, 'isCritical'>
  clock: Clock
  log: Logger
  /** Older ones are history: they are not sent when the watch begins. */
  maxAgeMs: number
  onEvent(event: KubernetesEvent): void
  onSkipped(why: 'old' | 'own' | 'nameless'): void
}

const MAX_MESSAGE = 1024
const MAX_REASON = 128

/** Text of whoever runs in the cluster, without secrets; cut afterwards, so that none is cut into what is not recognised. */
const cleaned = (text: string | undefined, maxLength: number) =>
  redactText((text ?? '').slice(0, 8 * MAX_MESSAGE)).slice(0, maxLength)
/** KubeWise's own Events would make it talk to itself. */
const OWN = 'kubewise.io/'

/** One Kubernetes Event in our form; undefined where it names no object. */
export function eventOf(
  cluster: string,
  event: EventObject,
  owners: OwnerIndex,
  nowMs: number,
): KubernetesEvent | undefined {
  const { kind, namespace = '', name, uid } = event.regarding ?? {}
  if (!kind || !name) return undefined
  const lastMs =
    msOf(event.series?.lastObservedTime) ??
    msOf(event.deprecatedLastTimestamp) ??
    msOf(event.eventTime) ??
    msOf(event.metadata?.creationTimestamp) ??
    nowMs
  const reporter = event.reportingController ?? event.deprecatedSource?.component
  return {
    kind: 'kubernetes-event',
    cluster,
    uid: event.metadata?.uid ?? idOf(event.metadata?.namespace ?? '', event.metadata?.name ?? ''),
    type: event.type === 'Warning' ? 'Warning' : 'Normal',
    reason: cleaned(event.reason, MAX_REASON),
    message: cleaned(event.note, MAX_MESSAGE),
    entity: { cluster, kind, namespace, name, ...(uid ? { uid } : {}) },
    target: owners.targetOf(kind, namespace, name),
    count: Math.max(1, event.series?.count ?? event.deprecatedCount ?? 1),
    firstMs: msOf(event.deprecatedFirstTimestamp) ?? msOf(event.eventTime) ?? lastMs,
    lastMs,
    ...(reporter && { reporter }),
  }
}

/** Watches Events and publishes each; a repeat (same count) is recognised by its id. Warnings are never shed. */
export function startEventWatch(ports: EventWatchPorts): Reflector {
  const { cluster, kube, outbox, owners, clock, onSkipped } = ports
  const priorityOf = ({ type, target }: KubernetesEvent): Priority => {
    if (type === 'Warning') return 'kept'
    return ports.marks.isCritical(target) ? 'critical-event' : 'normal-event'
  }
  const publish = (event: EventObject): void => {
    const ours = eventOf(cluster, event, owners, clock.now())
    if (!ours) return onSkipped('nameless')
    if (ours.reporter?.startsWith(OWN)) return onSkipped('own')
    if (clock.now() - ours.lastMs > ports.maxAgeMs) return onSkipped('old')
    ports.onEvent(ours)
    outbox.add(
      subjects.event(ours.target, ours.entity),
      ours,
      idOf('event', ours.uid, ours.count, ours.lastMs),
      priorityOf(ours),
    )
  }
  return kube.reflect<EventObject>(
    RESOURCES.Event,
    {},
    {
      onReplace: (items) => {
        const warningsFirst = [...items].sort((a, b) => Number(b.type === 'Warning') - Number(a.type === 'Warning'))
        warningsFirst.forEach(publish)
      },
      onUpsert: publish,
      onDelete: () => undefined,
      onError: (error) => ports.log.warn({ kind: 'Event', err: error }, 'watch failed, going on'),
    },
  )
}
