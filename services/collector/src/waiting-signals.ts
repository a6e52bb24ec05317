import type { Subject } from '@kubewise/contracts'

/**
 * The classes of what waits for the bus; the last is given up first. Of history, metrics and Normal Events others come
 * soon; those of what is marked critical matter more. A Warning is said once; a state too, until all of them are sent anew after ten minutes, and the rules rest on them.
 */
export const PRIORITIES = ['state', 'warning', 'critical-event', 'metric', 'normal-event', 'history'] as const
export type Priority = (typeof PRIORITIES)[number]

export interface WaitingSignal {
  subject: Subject
  body: object
  id: string
  priority: Priority
  /** Its place among all. */
  order: number
  /** About what it holds in memory. */
  bytes: number
}

export interface WaitingBounds {
  capacity: number
  maxBytes: number
}

/** What a signal takes beside its body, about. */
const OVERHEAD_BYTES = 256

/** First in, first out, without moving what waits behind. */
class Lane {
  #signals: (WaitingSignal | undefined)[] = []
  #head = 0

  get first(): WaitingSignal | undefined {
    return this.#signals[this.#head]
  }

  push(signal: WaitingSignal): void {
    this.#signals.push(signal)
  }

  shift(): WaitingSignal | undefined {
    const signal = this.first
    if (!signal) return undefined
    // What was taken must not be held until the lane is compacted: it counts for no bound any more.
    this.#signals[this.#head] = undefined
    this.#head += 1
    if (this.#head > 1000 && this.#head * 2 > this.#signals.length) this.#compact([])
    return signal
  }

  putBack(signals: readonly WaitingSignal[]): void {
    if (signals.length > 0) this.#compact(signals)
  }

  #compact(before: readonly WaitingSignal[]): void {
    this.#signals = [...before, ...this.#signals.slice(this.#head)]
    this.#head = 0
  }
}

/**
 * Signals that wait for the bus, in order over all classes, bounded in number and bytes. Beyond the bounds the oldest of the lowest
 * class is shed: what is kept is never of a lower class than what was shed while both waited.
 */
export class WaitingSignals {
  readonly #bounds: WaitingBounds
  readonly #onShed: (priority: Priority) => void
  readonly #lanes = PRIORITIES.map((priority) => ({ priority, lane: new Lane() }))
  #order = 0
  #size = 0
  #bytes = 0

  constructor(bounds: WaitingBounds, onShed: (priority: Priority) => void) {
    this.#bounds = bounds
    this.#onShed = onShed
  }

  get size(): number {
    return this.#size
  }

  get bytes(): number {
    return this.#bytes
  }

  add(subject: Subject, body: object, id: string, priority: Priority): void {
    const bytes = OVERHEAD_BYTES + JSON.stringify(body).length
    this.#laneOf(priority).push({ subject, body, id, priority, order: this.#order++, bytes })
    this.#count(1, bytes)
    this.#shed()
  }

  /** The oldest, at most so many. They wait no longer: they are not shed. */
  take(most: number): WaitingSignal[] {
    const taken: WaitingSignal[] = []
    while (taken.length < most && this.#size > 0) {
      let oldest: Lane | undefined
      for (const { lane } of this.#lanes)
        if (lane.first && (!oldest?.first || lane.first.order < oldest.first.order)) oldest = lane
      const signal = oldest!.shift()!
      this.#count(-1, -signal.bytes)
      taken.push(signal)
    }
    return taken
  }

  /** Those that were taken last and not sent wait again, at their old places. */
  giveBack(signals: readonly WaitingSignal[]): void {
    for (const { priority, lane } of this.#lanes) lane.putBack(signals.filter((signal) => signal.priority === priority))
    for (const { bytes } of signals) this.#count(1, bytes)
    this.#shed()
  }

  #laneOf(priority: Priority): Lane {
    return this.#lanes[PRIORITIES.indexOf(priority)]!.lane
  }

  #count(signals: number, bytes: number): void {
    this.#size += signals
    this.#bytes += bytes
  }

  #shed(): void {
    while (this.#size > this.#bounds.capacity || this.#bytes > this.#bounds.maxBytes) {
      const { priority, lane } = this.#lanes.findLast((one) => one.lane.first)!
      this.#count(-1, -lane.shift()!.bytes)
      this.#onShed(priority)
    }
  }
}
