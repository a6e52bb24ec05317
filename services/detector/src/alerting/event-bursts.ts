import { keyOf, type KubernetesEvent } from '@kubewise/contracts'
import { EventSurprises } from '@kubewise/stats'

/** Pairs of workload and reason that are remembered; the one that was silent longest makes room. */
const MOST_PAIRS = 2000
/** Of one workload; whoever writes Events chooses their reasons. */
const MOST_REASONS = 32
/** For so long a burst lends weight to what else is seen; half as much after this. */
const HALF_LIFE_MS = 5 * 60_000
const SHOWN_MS = 10 * 60_000
const LEAST_DECADES = 1

interface Burst {
  index: number
  reason: string
  decades: number
  atMs: number
  /** Highest count of each Event object seen, so that a repeat counts for nothing. */
  counts: Record<string, number>
}

export interface EventBurstsState {
  beganMs: number
  targets: [target: string, (Omit<Burst, 'index'> & { counted: number[] })[]][]
}

const OBJECTS_REMEMBERED = 16

/** How unusual the Warnings about each workload are of late: evidence that goes with what metrics show, no alert by itself. */
export class EventBursts {
  readonly #surprises = new EventSurprises()
  readonly #targets = new Map<string, Burst[]>()
  readonly #free: number[] = []
  #pairs = 0
  #beganMs = 0

  observe(event: KubernetesEvent, nowMs: number): void {
    if (event.type !== 'Warning') return
    this.#beganMs ||= nowMs
    const key = keyOf(event.target)
    const isKnown = this.#targets.get(key)?.some(({ reason }) => reason === event.reason) ?? false
    if (!isKnown && this.#pairs >= MOST_PAIRS) this.#forgetOldest()
    const bursts = this.#targets.get(key) ?? []
    let burst = bursts.find(({ reason }) => reason === event.reason)
    if (!burst) {
      if (bursts.length >= MOST_REASONS) this.#release(bursts.shift()!)
      const index = this.#free.pop() ?? this.#surprises.add()
      this.#pairs += 1
      // It has been silent for as long as anything was watched.
      this.#surprises.watch(index, this.#beganMs)
      burst = { index, reason: event.reason, decades: 0, atMs: nowMs, counts: {} }
      bursts.push(burst)
    }
    // The last one heard of stands last, so that the first is the one to forget.
    this.#targets.delete(key)
    this.#targets.set(key, bursts)
    const isFull = Object.keys(burst.counts).length >= OBJECTS_REMEMBERED
    // Of an object that had to be forgotten only what it counts now is new.
    const before = Object.hasOwn(burst.counts, event.uid) ? burst.counts[event.uid]! : isFull ? event.count - 1 : 0
    const fresh = event.count - before
    if (fresh <= 0) return
    burst.counts = Object.fromEntries(
      [...Object.entries(burst.counts).filter(([uid]) => uid !== event.uid), [event.uid, event.count] as const].slice(
        -OBJECTS_REMEMBERED,
      ),
    )
    burst.decades = this.#surprises.learn(burst.index, nowMs, fresh).decades
    burst.atMs = nowMs
  }

  /** Decades of the most unusual reason, fading with its age. */
  decadesOf(targetKey: string, nowMs: number): number {
    let most = 0
    for (const { decades, atMs } of this.#targets.get(targetKey) ?? [])
      most = Math.max(most, decades * 2 ** (-Math.max(0, nowMs - atMs) / HALF_LIFE_MS))
    return most
  }

  /** What an explanation shows. */
  lately(targetKey: string, nowMs: number): { reason: string; decades: number }[] {
    return (this.#targets.get(targetKey) ?? [])
      .filter(({ decades, atMs }) => decades >= LEAST_DECADES && nowMs - atMs <= SHOWN_MS)
      .map(({ reason, decades }) => ({ reason, decades: Math.round(decades * 10) / 10 }))
      .toSorted((a, b) => b.decades - a.decades)
  }

  state(): EventBurstsState {
    return {
      beganMs: this.#beganMs,
      targets: [...this.#targets].map(([key, bursts]) => [
        key,
        bursts.map(({ index, ...burst }) => ({ ...burst, counted: this.#surprises.stateOf(index) })),
      ]),
    }
  }

  restore({ beganMs, targets }: EventBurstsState): void {
    this.#beganMs = beganMs
    for (const [key, bursts] of targets)
      this.#targets.set(
        key,
        bursts.map(({ counted, ...burst }) => {
          const index = this.#surprises.add()
          this.#pairs += 1
          this.#surprises.restore(index, counted)
          return { ...burst, index }
        }),
      )
  }

  #forgetOldest(): void {
    const oldest = this.#targets.entries().next().value
    if (!oldest) return
    const [key, bursts] = oldest
    this.#targets.delete(key)
    for (const burst of bursts) this.#release(burst)
  }

  #release({ index }: Burst): void {
    this.#surprises.reset(index)
    this.#free.push(index)
    this.#pairs -= 1
  }
}
