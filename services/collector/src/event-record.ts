import { COLLECTIONS, type KeptEvent, type KubernetesEvent } from '@kubewise/contracts'
import { every, type Clock, type Logger } from '@kubewise/service'
import { StoreError, type Store } from '@kubewise/store'
import { Bell } from './bell.ts'
import type { LazyRecord } from './lazy-record.ts'

/** What became of a copy: `repeated` was there already, `lost` found no record for too long, `refused` was not acceptable to it. */
export const COPIES = ['kept', 'repeated', 'lost', 'refused'] as const
export type Copied = (typeof COPIES)[number]

export interface EventRecordPorts {
  record: Pick<LazyRecord, 'open'>
  clock: Clock
  log: Logger
  keepMs: number
  onCopy(what: Copied): void
}

type Copy = Omit<KeptEvent, 'version'>

export const MOST_WAITING = 5000
const AT_ONCE = 16
const RETRY_MS = 5000
const SWEEP_MS = 60_000

/**
 * Copies of Events in the record, each for its time. Nothing waits for it: while the record is away the newest copies wait here,
 * older ones are given up, counted, and the log says so once.
 */
export class EventRecord {
  readonly #ports: EventRecordPorts
  #waiting: Copy[] = []
  readonly #bell = new Bell()
  #isTrouble = false

  constructor(ports: EventRecordPorts) {
    this.#ports = ports
  }

  /** Takes a copy; returns at once. @param id the same for the same count of the same Event: it is kept once */
  keep({ kind: _kind, ...event }: KubernetesEvent, id: string): void {
    const seenMs = this.#ports.clock.now()
    this.#waiting.push({ _id: id, ...event, seenMs, expiresMs: seenMs + this.#ports.keepMs })
    this.#giveUp(MOST_WAITING)
    this.#bell.ring()
  }

  /** Writes until the signal aborts, then what still waits where the record takes it; removes what is past its time. */
  async run(signal: AbortSignal): Promise<void> {
    const sweeping = every(
      this.#ports.clock,
      SWEEP_MS,
      signal,
      () => this.#tried('old copies of Events not removed', (store) => store.expire(this.#ports.clock.now())),
      () => undefined,
    )
    while (!signal.aborted) {
      if (this.#waiting.length === 0) await this.#bell.rung(signal)
      await this.#writeSome()
      if (this.#isTrouble) await this.#ports.clock.sleep(RETRY_MS, signal).catch(() => undefined)
    }
    while (this.#waiting.length > 0 && !this.#isTrouble) await this.#writeSome()
    this.#giveUp(0)
    await sweeping
  }

  #writeSome(): Promise<void> {
    return this.#tried('copies of Events wait for the record', async (store) => {
      const events = store.collection(COLLECTIONS.events)
      const some = this.#waiting.splice(0, AT_ONCE)
      const results = await Promise.allSettled(some.map((copy) => events.insert(copy)))
      const failed = some.filter((_, i) => isFailed(results[i]!))
      this.#waiting.unshift(...failed)
      this.#giveUp(MOST_WAITING)
      for (const result of results)
        if (result.status === 'fulfilled') this.#ports.onCopy(result.value === 'inserted' ? 'kept' : 'repeated')
        else if (!isFailed(result)) this.#ports.onCopy('refused')
      const failure = results.find(isFailed)
      if (failure) throw failure.reason
    })
  }

  /** Works on the record, and says when that begins to fail and when it goes well again. */
  async #tried(what: string, work: (store: Store) => Promise<unknown>): Promise<void> {
    const { record, log } = this.#ports
    try {
      await work(await record.open())
      if (this.#isTrouble) log.info('the record takes copies of Events again')
      this.#isTrouble = false
    } catch (error) {
      if (!this.#isTrouble) log.warn({ err: error, waiting: this.#waiting.length }, what)
      this.#isTrouble = true
    }
  }

  /** Gives up the oldest beyond so many. */
  #giveUp(most: number): void {
    const lost = this.#waiting.splice(0, Math.max(0, this.#waiting.length - most))
    for (const _copy of lost) this.#ports.onCopy('lost')
  }
}

/** Not stored, and worth another try. */
const isFailed = (result: PromiseSettledResult<unknown>): result is PromiseRejectedResult =>
  result.status === 'rejected' && !(result.reason instanceof StoreError && result.reason.kind === 'refused')
