import { randomUUID } from 'node:crypto'
import type { Bus, KeyValue } from '@kubewise/bus'
import { BUCKETS, PARTITIONS, subjects, type Freshness } from '@kubewise/contracts'
import type { Kube } from '@kubewise/kube'
import { every, type Clock, type Logger } from '@kubewise/service'
import { alertAbout } from './alert-about.ts'
import { forwardAlerts } from './alerts.ts'
import type { Config } from './config.ts'
import type { CriticalMarks } from './critical-marks.ts'
import { createEventFilter } from './event-filter.ts'
import { EventRecord } from './event-record.ts'
import { startEventWatch } from './event-watch.ts'
import type { Figures } from './figures.ts'
import type { LazyRecord } from './lazy-record.ts'
import type { ObjectWatch } from './object-watch.ts'
import type { Outbox } from './outbox.ts'
import type { OwnerIndex } from './owner-index.ts'
import type { Relations } from './relations.ts'

const SECOND = 1000
const HOUR = 3600 * SECOND
const TICK_MS = 5 * SECOND
const FRESHNESS_MS = 2 * SECOND
const REFRESH_MS = SECOND
const RESEND_MS = 600 * SECOND

/** Lets through what is said of objects while this collector leads; the others see the same, and say nothing. */
export class Speaking {
  readonly #outbox: Pick<Outbox, 'add'>
  #term: string | undefined

  constructor(outbox: Pick<Outbox, 'add'>) {
    this.#outbox = outbox
  }

  /** Each leader counts what it says by itself: its ids are its own, or one of them would pass for another's. */
  begin(): void {
    this.#term = randomUUID()
  }

  end(): void {
    this.#term = undefined
  }

  add(...[subject, body, id, priority]: Parameters<Outbox['add']>): void {
    if (this.#term !== undefined) this.#outbox.add(subject, body, `${id}-${this.#term}`, priority)
  }
}

/** What is seen of the cluster, whoever speaks of it. */
export interface Watching {
  cluster: string
  kube: Pick<Kube, 'reflect' | 'clockSkewMs'>
  owners: OwnerIndex
  relations: Relations
  marks: CriticalMarks
  clock: Clock
  log: Logger
}

export interface SpeakPorts extends Watching {
  bus: Bus
  record: Pick<LazyRecord, 'open'>
  outbox: Pick<Outbox, 'add'>
  speaking: Speaking
  objects: Pick<ObjectWatch, 'confirmed' | 'refresh' | 'resend'>
  /** The newest samples that all collectors know of. */
  together: () => Promise<Freshness['metrics']>
  figures: Pick<Figures, 'alert' | 'skippedEvent' | 'clockOff' | 'copy'>
  config: Config
}

/** What the leader alone does: it speaks of objects and Events, passes alerts on, and tells the time and how fresh everything is. */
export async function speak(ports: SpeakPorts, term: AbortSignal): Promise<void> {
  const board = await ports.bus.kv(BUCKETS.freshness)
  ports.speaking.begin()
  try {
    await sayAll(ports, board, term)
  } finally {
    ports.speaking.end()
  }
}

async function sayAll(ports: SpeakPorts, board: KeyValue, term: AbortSignal): Promise<void> {
  const { bus, cluster, kube, outbox, owners, relations, objects, figures, config, clock, log } = ports
  const termName = randomUUID()
  const report = (what: string) => (error: unknown) => log.warn({ err: error }, what)

  function tick(): void {
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const body = { kind: 'control', cluster, partition, sentMs: clock.now(), change: { type: 'tick' } }
      outbox.add(subjects.control(cluster, partition), body, `${termName}-tick-${partition}-${body.sentMs}`, 'metric')
    }
  }

  async function tellFreshness(): Promise<void> {
    const clockSkewMs = kube.clockSkewMs()
    const eventsMs = events.confirmedMs()
    const freshness: Freshness = {
      cluster,
      metrics: await ports.together(),
      writtenMs: clock.now(),
      watches: { ...objects.confirmed(), ...(eventsMs !== undefined && { events: eventsMs }) },
      ...(clockSkewMs !== undefined && { clockSkewMs }),
    }
    await board.put(cluster, freshness)
  }

  objects.refresh()
  objects.resend()
  const copies =
    config.EVENT_KEEP_HOURS > 0
      ? new EventRecord({ ...ports, keepMs: config.EVENT_KEEP_HOURS * HOUR, onCopy: figures.copy })
      : undefined
  const copying = copies?.run(term)
  const events = startEventWatch({
    cluster,
    kube,
    outbox,
    owners,
    marks: ports.marks,
    clock,
    log,
    filter: createEventFilter(config),
    maxAgeMs: config.EVENT_MAX_AGE_SECONDS * SECOND,
    onEvent(event, id) {
      relations.noteEvent(event, clock.now())
      copies?.keep(event, id)
    },
    onSkipped: figures.skippedEvent,
    onClockOff: figures.clockOff,
  })
  const aboutOf = alertAbout(cluster, owners, relations)
  const alerts = forwardAlerts({ bus, cluster, clock, aboutOf, onAlert: figures.alert })
  log.info('speaking of the cluster')
  await Promise.all([
    every(clock, TICK_MS, term, tick, report('ticks not sent')),
    every(clock, REFRESH_MS, term, () => objects.refresh(), report('related states not told')),
    every(clock, FRESHNESS_MS, term, tellFreshness, report('freshness not told')),
    clock.sleep(RESEND_MS, term).then(
      () => every(clock, RESEND_MS, term, () => objects.resend(), report('states not sent anew')),
      () => undefined,
    ),
  ])
  await Promise.all([events.stop(), alerts.stop(), copying])
}
