import { BusError, type Bus } from '@kubewise/bus'
import type { Subject } from '@kubewise/contracts'
import type { Clock, Logger } from '@kubewise/service'

/** What may be lost when the bus is away for long, the last of these first; what is `kept` never is, it waits. */
export const PRIORITIES = ['kept', 'critical-event', 'metric', 'normal-event'] as const
export type Priority = (typeof PRIORITIES)[number]

interface Message {
  subject: Subject
  body: object
  id: string
  priority: Priority
}

export interface OutboxOptions {
  bus: Bus
  clock: Clock
  log: Logger
  /** Messages that wait before the least important are shed. */
  capacity: number
  onShed(priority: Priority): void
  onSent(): void
}

const WINDOW = 256
const RETRY_MS = 500

/**
 * Publishes in order, many in flight. While the bus is away messages wait; past the capacity Normal events are shed first, then
 * metrics, then the Normal events of what is marked critical, each counted. Warnings and object states are never shed: they are few, and the newest state of an object is all
 * that matters of it.
 */
export class Outbox {
  readonly #options: OutboxOptions
  #queue: Message[] = []
  #wake: (() => void) | undefined

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  get waiting(): number {
    return this.#queue.length
  }

  add(subject: Subject, body: object, id: string, priority: Priority): void {
    this.#queue.push({ subject, body, id, priority })
    if (this.#queue.length > this.#options.capacity) this.#shed()
    this.#wake?.()
  }

  /** Sends until the signal aborts, then what still waits, as far as the bus takes it. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options
    let isTrouble = false
    while (!signal.aborted) {
      if (this.#queue.length === 0) await this.#awakening(signal)
      const error = await this.#sendSome()
      if (error !== undefined && !isTrouble)
        log.warn({ err: error, waiting: this.#queue.length }, 'signals wait for the bus')
      if (error === undefined && isTrouble) log.info('signals flow again')
      isTrouble = error !== undefined
      if (isTrouble) await clock.sleep(RETRY_MS, signal).catch(() => undefined)
    }
    while (this.#queue.length > 0 && (await this.#sendSome()) === undefined);
  }

  /** Sends up to a window; from the first failure on everything is sent again, so that order holds: repeats are recognised. */
  async #sendSome(): Promise<unknown> {
    const window = this.#queue.slice(0, WINDOW)
    const results = await Promise.allSettled(
      window.map(({ subject, body, id }) => this.#options.bus.publish(subject, body, { id })),
    )
    const failed = results.findIndex((result) => result.status === 'rejected' && !isRefused(result))
    const sent = failed === -1 ? window.length : failed
    for (let i = 0; i < sent; i++) this.#note(window[i]!, results[i]!)
    this.#queue = this.#queue.slice(sent)
    return failed === -1
      ? undefined
      : ((results[failed] as PromiseRejectedResult).reason ?? new Error('publish failed'))
  }

  /** A message that the bus will never take must not hold up those behind it. */
  #note({ priority, id, subject }: Message, result: PromiseSettledResult<unknown>): void {
    if (result.status === 'fulfilled') return this.#options.onSent()
    this.#options.log.error(
      { err: result.reason as unknown, id, subject },
      'a signal that the bus does not take is left out',
    )
    this.#options.onShed(priority)
  }

  #shed(): void {
    const priority = PRIORITIES.findLast((p) => p !== 'kept' && this.#queue.some((message) => message.priority === p))
    if (!priority) return
    this.#queue.splice(
      this.#queue.findIndex((message) => message.priority === priority),
      1,
    )
    this.#options.onShed(priority)
  }

  #awakening(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        signal.removeEventListener('abort', done)
        this.#wake = undefined
        resolve()
      }
      this.#wake = done
      signal.addEventListener('abort', done, { once: true })
    })
  }
}

const isRefused = (result: PromiseSettledResult<unknown>) =>
  result.status === 'rejected' && result.reason instanceof BusError && result.reason.code === 'invalid'
