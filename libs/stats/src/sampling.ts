/** How regularly a series' samples come: its step, and what a gap means for the models that learn it. */
import { Columns } from './columns.ts'

const RING = 20
/** A gap up to so many steps leaves predictors as they are. */
const BRIDGED_STEPS = 5
const DAY_MS = 86_400_000
/** After a greater gap so many samples are learnt, not judged. */
const SUPPRESSED_SAMPLES = 12

/**
 * - `missing`: no number, such as Prometheus' staleness marker; `late`: a repeat or a straggler. Neither is to be learnt.
 * - `first` of its series; `next`; `bridged`: after a gap that changes nothing.
 * - `hole`: what looks at successive samples begins anew, levels stay. `away`, for more than a day: levels warm up again too,
 *   seasons stay.
 */
export type SampleKind = 'missing' | 'late' | 'first' | 'next' | 'bridged' | 'hole' | 'away'

/** What a sample's time tells. */
export interface Sampled {
  kind: SampleKind
  /** Median of the last 20 times between samples; 0 until there is one. */
  stepMs: number
  /** Shortly after a hole: learn, do not judge. */
  isSuppressed: boolean
}

const LAST_MS = 0
const SEEN = 1
const STEP_MS = 2
const SUPPRESSED = 3
const RING_AT = 4
const COLUMNS = RING_AT + RING

export class Sampling {
  readonly #columns: Columns
  readonly #sorted = new Float64Array(RING)
  /** Reused for every answer. */
  readonly #sampled: Sampled = { kind: 'first', stepMs: 0, isSuppressed: false }

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

  /**
   * @param index of the series, from `add`
   * @param timeMs the sample's own time
   * @param value only looked at for being a number
   * @returns one object, reused by the next call
   * @throws RangeError if timeMs is not finite
   */
  learn(index: number, timeMs: number, value: number): Sampled {
    if (!Number.isFinite(timeMs)) throw new RangeError(`timeMs: expected a finite number, got ${timeMs}`)
    const c = this.#columns.values
    const at = index * COLUMNS
    const sampled = this.#sampled
    const seen = c[at + SEEN]!
    const passedMs = timeMs - c[at + LAST_MS]!
    sampled.stepMs = c[at + STEP_MS]!
    sampled.kind = !Number.isFinite(value) ? 'missing' : seen === 0 ? 'first' : kindAfter(passedMs, sampled.stepMs)
    if (sampled.kind === 'missing' || sampled.kind === 'late') {
      sampled.isSuppressed = c[at + SUPPRESSED]! > 0
      return sampled
    }
    if (sampled.kind === 'hole' || sampled.kind === 'away') c[at + SUPPRESSED] = SUPPRESSED_SAMPLES
    sampled.isSuppressed = c[at + SUPPRESSED]! > 0
    if (sampled.isSuppressed) c[at + SUPPRESSED] = c[at + SUPPRESSED]! - 1
    if (seen > 0) sampled.stepMs = this.#learnStep(at, seen - 1, passedMs)
    c[at + LAST_MS] = timeMs
    c[at + SEEN] = seen + 1
    return sampled
  }

  stateOf(index: number): number[] {
    return this.#columns.stateOf(index)
  }

  /** @throws RangeError if the state is of another form */
  restore(index: number, state: readonly number[]): void {
    this.#columns.restore(index, state)
  }

  #learnStep(at: number, nth: number, passedMs: number): number {
    const c = this.#columns.values
    const place = at + RING_AT + (nth % RING)
    // A regular series hardly ever has to be sorted.
    if (nth >= RING && c[place] === passedMs) return c[at + STEP_MS]!
    c[place] = passedMs
    const known = Math.min(RING, nth + 1)
    const sorted = this.#sorted.subarray(0, known)
    sorted.set(c.subarray(at + RING_AT, at + RING_AT + known))
    sorted.sort()
    const half = known >> 1
    return (c[at + STEP_MS] = known % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2)
  }
}

function kindAfter(passedMs: number, stepMs: number): SampleKind {
  if (passedMs <= 0) return 'late'
  if (passedMs > DAY_MS) return 'away'
  if (stepMs === 0) return 'next'
  // Half a step more than so many is still a sample that came a little late.
  if (passedMs > (BRIDGED_STEPS + 1.5) * stepMs) return 'hole'
  return passedMs > 1.5 * stepMs ? 'bridged' : 'next'
}
