import { idOf, subjects, type KubernetesEvent } from '@kubewise/contracts'
import { RESOURCES, type EventObject, type Kube, type Reflector } from '@kubewise/kube'
import type { Clock, Logger } from '@kubewise/service'
import type { CriticalMarks } from './critical-marks.ts'
import { LEFT_OUT, type EventFilter } from './event-filter.ts'
import { eventOf } from './event-of.ts'
import type { Outbox } from './outbox.ts'
import type { OwnerIndex } from './owner-index.ts'
import type { Priority } from './waiting-signals.ts'

/** Why an Event is not passed on. */
export const SKIPPED = ['old', 'own', 'nameless', 'malformed', ...LEFT_OUT] as const
export type Skipped = (typeof SKIPPED)[number]

export interface EventWatchPorts {
  cluster: string
  kube: Pick<Kube, 'reflect'>
  outbox: Pick<Outbox, 'add'>
  owners: OwnerIndex
  marks: Pick<CriticalMarks, 'isCritical'>
  filter: EventFilter
  clock: Clock
  log: Logger
  /** Older ones are history: they are not sent when the watch begins. */
  maxAgeMs: number
  /** @param id the same for the same count of the same Event */
  onEvent(event: KubernetesEvent, id: string): void
  onSkipped(why: Skipped): void
  /** An Event that is passed on came with a time that cannot be. */
  onClockOff(): void
}

/** KubeWise's own Events would make it talk to itself. */
const OWN = 'kubewise.io/'

/** Watches Events and publishes each; a repeat (same count) is recognised by its id. Warnings are shed after everything but states. */
export function startEventWatch(ports: EventWatchPorts): Reflector {
  const { cluster, kube, outbox, owners, clock, onSkipped } = ports
  const priorityOf = ({ type, target }: KubernetesEvent): Priority => {
    if (type === 'Warning') return 'warning'
    return ports.marks.isCritical(target) ? 'critical-event' : 'normal-event'
  }
  const publish = (given: EventObject): void => {
    const taken = eventOf(cluster, given, owners, clock.now())
    if (typeof taken === 'string') return onSkipped(taken)
    const { event, saidMs, isClockOff } = taken
    if (event.reporter?.startsWith(OWN)) return onSkipped('own')
    if (clock.now() - event.lastMs > ports.maxAgeMs) return onSkipped('old')
    const { code } = ports.filter(event)
    if (code !== 'passed' && code !== 'needed') return onSkipped(code)
    if (isClockOff) ports.onClockOff()
    const id = idOf('event', event.uid, event.count, saidMs)
    ports.onEvent(event, id)
    outbox.add(subjects.event(event.target, event.entity), event, id, priorityOf(event))
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
