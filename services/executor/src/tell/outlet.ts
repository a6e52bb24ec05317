import { BreakerOpenError, explain, HttpError, type Kit } from '@kubewise/service'
import { deliver, type Delivery } from './deliver.ts'
import { isUrgent, type Message } from './message.ts'
import { createRate } from './rate.ts'
import type { Receiver } from './receiver.ts'

/** How messages fared, as they are counted. */
const OUTCOMES = ['sent', 'failed', 'held'] as const

/** A message that was not taken is tried again after so long. */
export const RETELL_MS = 60_000
const MAX_REMEMBERED = 10_000
/** Beyond, what waits is left to the record. */
const MOST_WAITING = 1000
const MOST_IN_ONE = 100

/** The way to one receiver: gathers, keeps to its rate, sends one at a time, remembers what was taken. */
export interface Outlet {
  readonly name: string
  /**
   * Takes a message on, unless it was told, is under way, or was not taken a moment ago. Never throws, never waits.
   * @param onTaken the receiver has it, now or earlier
   */
  push(message: Message, onTaken: () => Promise<unknown>): void
  /** Sends what waits, without holding to rate and window, and resolves when nothing is under way. */
  drain(): Promise<void>
  stop(): void
}

export type OutletPorts = Pick<Kit, 'log' | 'metrics' | 'health'> & Delivery

interface Entry {
  message: Message
  onTaken: () => Promise<unknown>
}
type State = 'told' | 'under-way' | { againMs: number }

const groupOf = ({ namespace, incident }: Message) => namespace ?? incident

export function createOutlet(receiver: Receiver, ports: OutletPorts): Outlet {
  const { clock, log, metrics, health, signal } = ports
  const { name, groupMs, perMinute } = receiver
  const check = `receiver ${name}`
  const states = new Map<string, State>()
  const groups = new Map<string, Entry[]>()
  const rate = createRate(perMinute, clock)
  const running = new Set<Promise<unknown>>()
  const hurry = new AbortController()
  const patience = AbortSignal.any([signal, hurry.signal])
  let waiting: Entry[][] = []
  let pumping = false
  const counted = metrics.counter(
    'kubewise_notifications_total',
    'Messages by receiver and outcome; held: summed up later.',
    {
      receiver: [],
      outcome: OUTCOMES,
    },
  )
  for (const outcome of OUTCOMES) counted.inc({ receiver: name, outcome }, 0)

  function remember(id: string, state: State): void {
    states.delete(id)
    states.set(id, state)
    if (states.size > MAX_REMEMBERED) states.delete(states.keys().next().value ?? id)
  }

  function track(task: Promise<unknown>): void {
    const tracked = task.finally(() => running.delete(tracked))
    running.add(tracked)
  }

  const noteTaken = ({ message, onTaken }: Entry) =>
    onTaken().catch((error: unknown) =>
      log.warn({ err: error, plan: message.plan, receiver: name }, 'not noted that it was told; it may be told twice'),
    )

  function notTaken(entries: readonly Entry[], error: unknown): void {
    for (const { message } of entries) remember(message.id, { againMs: clock.now() + RETELL_MS })
    counted.inc({ receiver: name, outcome: 'failed' }, entries.length)
    const [first] = entries
    const what = {
      receiver: name,
      plan: first?.message.plan,
      happening: first?.message.happening,
      messages: entries.length,
    }
    log.warn({ err: error, ...what }, 'notification not sent')
  }

  async function send(entries: readonly Entry[]): Promise<void> {
    try {
      const messages = entries.map(({ message }) => message)
      await deliver(receiver, messages, ports)
      for (const { id } of messages) remember(id, 'told')
      counted.inc({ receiver: name, outcome: 'sent' }, entries.length)
      health.set(check, 'quality', { ok: true, say: 'takes messages' })
      await Promise.all(entries.map(noteTaken))
    } catch (error) {
      if (error instanceof HttpError && error.status === 429) rate.pause(error.retryAfterMs ?? RETELL_MS)
      if (!signal.aborted) health.set(check, 'quality', { ok: false, say: `takes no messages: ${explain(error)}` })
      // What waits behind it would be refused as well: one line for all.
      const others = error instanceof BreakerOpenError ? waiting.splice(0).flat() : []
      notTaken([...entries, ...others], error)
    }
  }

  /** Until one may be sent; meanwhile what waits becomes one. */
  async function keepToRate(): Promise<void> {
    for (let waitMs = rate.takeOrWaitMs(); waitMs > 0; waitMs = rate.takeOrWaitMs()) {
      if (patience.aborted) break
      await clock.sleep(waitMs, patience).catch(() => undefined)
      const entries = waiting.flat()
      counted.inc({ receiver: name, outcome: 'held' }, entries.length)
      waiting = []
      for (let from = 0; from < entries.length; from += MOST_IN_ONE)
        waiting.push(entries.slice(from, from + MOST_IN_ONE))
    }
  }

  async function pump(): Promise<void> {
    pumping = true
    try {
      while (waiting.length > 0) {
        await keepToRate()
        const next = waiting.shift()
        if (next) await send(next)
      }
    } finally {
      pumping = false
    }
  }

  function release(group: string): void {
    const entries = groups.get(group)
    if (!entries) return
    groups.delete(group)
    waiting.push(entries)
    if (!pumping) track(pump())
  }

  function gather(entry: Entry): void {
    // Alone where nothing is gathered, so that two messages of a moment stay two.
    const group = groupMs === 0 ? entry.message.id : groupOf(entry.message)
    const entries = groups.get(group)
    if (entries) entries.push(entry)
    else groups.set(group, [entry])
    const isFull = (entries?.length ?? 1) >= MOST_IN_ONE
    if (groupMs === 0 || isFull || patience.aborted || isUrgent(entry.message.happening)) release(group)
    else if (!entries) {
      const end = () => release(group)
      track(clock.sleep(groupMs, patience).then(end, end))
    }
  }

  const waitingCount = () => [...groups.values(), ...waiting].reduce((sum, entries) => sum + entries.length, 0)

  return {
    name,
    push(message, onTaken) {
      const entry = { message, onTaken }
      const state = states.get(message.id)
      if (state === 'told') return track(noteTaken(entry))
      if (state === 'under-way' || (state && state.againMs > clock.now())) return
      if (waitingCount() >= MOST_WAITING) return notTaken([entry], new Error(`${MOST_WAITING} messages wait already`))
      remember(message.id, 'under-way')
      gather(entry)
    },
    async drain() {
      hurry.abort(new Error('what waits is sent now'))
      while (running.size > 0) await Promise.allSettled(running)
    },
    stop() {
      ports.circuit.stop()
      health.remove(check)
    },
  }
}
