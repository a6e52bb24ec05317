import { BusError, type Bus } from '@kubewise/bus'
import type { Subject } from '@kubewise/contracts'
import type { Clock, Logger } from '@kubewise/service'
import { Bell } from './bell.ts'
import { WaitingSignals, type Priority, type WaitingBounds, type WaitingSignal } from './waiting-signals.ts'

export interface OutboxOptions extends WaitingBounds {
  bus: Bus
  clock: Clock
  log: Logger
  onShed(priority: Priority): void
  onSent(): void
}

const WINDOW = 256
const RETRY_MS = 500

/**
 * Publishes in order, many in flight. While the bus is away signals wait; beyond the bounds they are shed by class, each counted.
 * What is in flight is not shed: a window more than the bounds is the most that is ever held.
 */
export class Outbox {
  readonly #options: OutboxOptions
  readonly #waiting: WaitingSignals
  #inFlight = 0
  readonly #bell = new Bell()

  constructor(options: OutboxOptions) {
    this.#options = options
    this.#waiting = new WaitingSignals(options, options.onShed)
  }

  /** Signals that are not stored yet. */
  get waiting(): number {
    return this.#waiting.size + this.#inFlight
  }

  /** Of those that wait, about. */
  get bytes(): number {
    return this.#waiting.bytes
  }

  add(subject: Subject, body: object, id: string, priority: Priority): void {
    this.#waiting.add(subject, body, id, priority)
    this.#bell.ring()
  }

  /** Sends until the signal aborts, then what still waits, as far as the bus takes it. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options
    let isTrouble = false
    while (!signal.aborted) {
      if (this.#waiting.size === 0) await this.#bell.rung(signal)
      const error = await this.#sendSome()
      if (error !== undefined && !isTrouble) log.warn({ err: error, waiting: this.waiting }, 'signals wait for the bus')
      if (error === undefined && isTrouble) log.info('signals flow again')
      isTrouble = error !== undefined
      if (isTrouble) await clock.sleep(RETRY_MS, signal).catch(() => undefined)
    }
    while (this.#waiting.size > 0 && (await this.#sendSome()) === undefined);
  }

  /** Sends up to a window; from the first failure on everything is sent again, so that order holds: repeats are recognised. */
  async #sendSome(): Promise<unknown> {
    const window = this.#waiting.take(WINDOW)
    this.#inFlight = window.length
    const results = await Promise.allSettled(
      window.map(({ subject, body, id }) => this.#options.bus.publish(subject, body, { id })),
    )
    const failed = results.findIndex((result) => result.status === 'rejected' && !isRefused(result))
    const sent = failed === -1 ? window.length : failed
    for (let i = 0; i < sent; i++) this.#note(window[i]!, results[i]!)
    this.#inFlight = 0
    this.#waiting.giveBack(window.slice(sent))
    return failed === -1
      ? undefined
      : ((results[failed] as PromiseRejectedResult).reason ?? new Error('publish failed'))
  }

  /** A message that the bus will never take must not hold up those behind it. */
  #note({ priority, id, subject }: WaitingSignal, result: PromiseSettledResult<unknown>): void {
    if (result.status === 'fulfilled') return this.#options.onSent()
    this.#options.log.error(
      { err: result.reason as unknown, id, subject },
      'a signal that the bus does not take is left out',
    )
    this.#options.onShed(priority)
  }
}

const isRefused = (result: PromiseSettledResult<unknown>) =>
  result.status === 'rejected' && result.reason instanceof BusError && result.reason.code === 'invalid'
