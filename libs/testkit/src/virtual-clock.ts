import { setImmediate } from 'node:timers/promises'
import type { Clock } from '@kubewise/service'

interface Sleeper {
  wakeMs: number
  resolve: () => void
}

// Enough for the continuation of a sleeper, and of those who await it, to run up to its next sleep.
const TURNS = 5

async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await setImmediate()
}

/** A clock whose time moves only by `advance`; who sleeps wakes in the order of time, then of falling asleep. */
export class VirtualClock implements Clock {
  #elapsedMs = 0
  #offsetMs: number
  readonly #sleepers = new Set<Sleeper>()

  constructor(startMs: number = Date.UTC(2025, 0, 1)) {
    this.#offsetMs = startMs
  }

  now(): number {
    return this.#offsetMs + this.#elapsedMs
  }

  monotonic(): number {
    return this.#elapsedMs
  }

  /** How many sleep now. Where input or output comes before a sleep, wait for it with `eventually` before advancing. */
  get sleepers(): number {
    return this.#sleepers.size
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const sleeper = { wakeMs: this.#elapsedMs + Math.max(0, ms), resolve }
    this.#sleepers.add(sleeper)
    const onAbort = () => {
      this.#sleepers.delete(sleeper)
      reject(signal?.reason as Error)
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      await promise
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  /** Moves time on by `ms`. Whoever wakes on the way runs before time moves further, and may sleep and wake again. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#elapsedMs + ms
    await settle()
    for (let next = this.#nextUntil(untilMs); next; next = this.#nextUntil(untilMs)) {
      this.#elapsedMs = Math.max(this.#elapsedMs, next.wakeMs)
      this.#sleepers.delete(next)
      next.resolve()
      await settle()
    }
    this.#elapsedMs = untilMs
  }

  /** Sets wall time by `ms`, as an operator or NTP would; durations and sleepers do not notice. */
  jump(ms: number): void {
    this.#offsetMs += ms
  }

  #nextUntil(untilMs: number): Sleeper | undefined {
    const due = [...this.#sleepers].filter(({ wakeMs }) => wakeMs <= untilMs)
    return due.sort((a, b) => a.wakeMs - b.wakeMs)[0]
  }
}
