/** What the time of a series' sample means for the models that learn it: repeats, stragglers, gaps. */
import { Columns } from './columns.ts'

/** A gap up to so many intervals leaves predictors as they are; half of one more is a sample that came a little late. */
const BRIDGED_INTERVALS = 5
const DAY_MS = 86_400_000
/** After a greater gap half as many samples as were missed are learnt, not judged, and no more than this. */
const MOST_SUPPRESSED = 12

/**
 * - `late`: a repeat or a straggler, not to be learnt.
 * - `first` of its series; `next`, also after a gap that changes nothing.
 * - `hole`: what looks at successive samples has missed some; levels stay. `away`, for more than a day: levels are to warm up again too.
 */
export type SampleKind = 'late' | 'first' | 'next' | 'hole' | 'away'

/** What a sample's time tells. */
export interface Sampled {
  kind: SampleKind
  /** Shortly after a hole: learn, do not judge. */
  isSuppressed: boolean
}

const LAST_MS = 0
const SUPPRESSED = 1
const COLUMNS = 2

export class Sampling {
  readonly #columns: Columns
  /** Reused for every answer. */
  readonly #sampled: Sampled = { kind: 'first', isSuppressed: false }

  constructor(capacity = 64) {
    this.#columns = new Columns('sampling', COLUMNS, capacity)
  }

  /** Makes room for one more series and returns its index. */
  add(): number {
    return this.#columns.add()
  }

  /** Forgets a series, so that its index can serve another. */
  reset(index: number): void {
    this.#columns.reset(index)
  }

  /** Time of the last sample that was not late; 0 before the first. */
  lastMs(index: number): number {
    return this.#columns.values[index * COLUMNS + LAST_MS]!
  }

  /**
   * @param index of the series, from `add`
   * @param timeMs the sample's own time, after the epoch
   * @param intervalMs usual time between two samples
   * @returns one object, reused by the next call
   * @throws RangeError if timeMs is not finite
   */
  learn(index: number, timeMs: number, intervalMs: number): Sampled {
    if (!Number.isFinite(timeMs)) throw new RangeError(`timeMs: expected a finite number, got ${timeMs}`)
    const c = this.#columns.values
    const at = index * COLUMNS
    const sampled = this.#sampled
    const lastMs = c[at + LAST_MS]!
    sampled.kind = timeMs <= lastMs ? 'late' : lastMs === 0 ? 'first' : kindAfter(timeMs - lastMs, intervalMs)
    if (sampled.kind === 'hole' || sampled.kind === 'away')
      c[at + SUPPRESSED] = Math.min(MOST_SUPPRESSED, Math.ceil((timeMs - lastMs) / intervalMs / 2))
    sampled.isSuppressed = c[at + SUPPRESSED]! > 0
    if (sampled.kind === 'late') return sampled
    if (sampled.isSuppressed) c[at + SUPPRESSED]! -= 1
    c[at + LAST_MS] = timeMs
    return sampled
  }

  stateOf(index: number): number[] {
    return this.#columns.stateOf(index)
  }

  /** @throws RangeError if the state is of another form */
  restore(index: number, state: readonly number[]): void {
    this.#columns.restore(index, state)
  }
}

function kindAfter(passedMs: number, intervalMs: number): SampleKind {
  if (passedMs <= (BRIDGED_INTERVALS + 1.5) * intervalMs) return 'next'
  return passedMs > DAY_MS ? 'away' : 'hole'
}
