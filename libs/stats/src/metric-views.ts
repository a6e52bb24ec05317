/**
 * What each metric of an entity does by itself: standardised by what was usual before it, for the views of `EntityDetector`.
 * Structure of arrays: one row of columns a metric, the metrics of an entity in a row.
 */
const SLOW_SAMPLES = 300
const FAST_SAMPLES = 2
/** Gains fall as 1/n over the first samples; later at half of that, so that a long incident is not soon the usual. */
const EVEN_SAMPLES = 500
const LATE_GAIN = 0.5
const LEAST_GAIN = 1e-5
const STRUCTURE_CLIP = 30
const JUMP_CLIP = 50
const SURPRISE_CLIP = 50
/** A surprise is smoothed as this at most: what was never seen before lingers for some 15 samples more, not for ever. */
const WILD_SURPRISE = 1e6
/** Part of |mean| below which a metric's spread is its resolution. */
const SPREAD_FLOOR = 1e-3
const TINY = 1e-12
/** Steps for which a missing metric keeps its last value; then it is taken as usual. */
const CARRIED_STEPS = 3

const LAST = 0
const SLOW = 1
const FAST = 2
const VALUE_MEAN = 3
const VALUE_VARIANCE = 4
const SLOW_MEAN = 5
const SLOW_VARIANCE = 6
const FAST_VARIANCE = 7
const SURPRISE = 8
const JUMP = 9
const SEEN = 10
const MISSING = 11
/** Numbers of one metric's state. */
export const METRIC_COLUMNS = 12

/** How much a sample counts among n: the n-th gain of a mean that is slow to forget. */
export const gainAt = (n: number): number => Math.max(LEAST_GAIN, (n > EVEN_SAMPLES ? LATE_GAIN : 1) / n)

/** The root of a metric's smoothed surprise: several that are a little strange weigh more than one that is wild. */
export const surpriseOf = (state: Float64Array, c: number): number =>
  Math.sqrt(Math.min(SURPRISE_CLIP, state[c + SURPRISE]!))

/** The last step in the metric's own usual ones. */
export const jumpOf = (state: Float64Array, c: number): number => state[c + JUMP]!

/** Where a metric usually is, in its own unit. */
export const usualOf = (state: Float64Array, c: number): { mean: number; sd: number } => ({
  mean: state[c + VALUE_MEAN]!,
  sd: Math.sqrt(state[c + VALUE_VARIANCE]!),
})

/**
 * Standardises one metric's sample, then learns it.
 *
 * @param state of all metrics
 * @param c where this metric's columns begin
 * @param value undefined where there is no sample
 * @param surprise tier 1's residual in standard deviations
 * @param z receives the value's distance from its mean at `j`, that from its slow mean at `other`: standard deviations, clipped
 * @param leastSpread the metric's practical resolution, in its unit
 */
export function learnMetric(
  state: Float64Array,
  c: number,
  value: number | undefined,
  surprise: number,
  z: Float64Array,
  j: number,
  other: number,
  leastSpread = 0,
): void {
  const isSampled = value !== undefined
  state[c + MISSING] = isSampled ? 0 : state[c + MISSING]! + 1
  const residual = isSampled ? Math.min(WILD_SURPRISE, Math.abs(surprise)) : 0
  state[c + SURPRISE]! += (residual - state[c + SURPRISE]!) / FAST_SAMPLES
  if (state[c + MISSING]! > CARRIED_STEPS || (!isSampled && state[c + SEEN] === 0)) {
    z[j] = 0
    z[other] = 0
    state[c + JUMP] = 0
  } else learnValue(state, c, isSampled ? value : state[c + LAST]!, z, j, other, leastSpread)
}

function learnValue(
  state: Float64Array,
  c: number,
  value: number,
  z: Float64Array,
  j: number,
  other: number,
  leastSpread: number,
): void {
  const seen = state[c + SEEN]! + 1
  state[c + SEEN] = seen
  state[c + LAST] = value
  if (seen === 1) {
    state[c + SLOW] = value
    state[c + FAST] = value
  }
  state[c + SLOW]! += (value - state[c + SLOW]!) / SLOW_SAMPLES
  const step = value - state[c + FAST]!
  state[c + FAST]! += step / FAST_SAMPLES
  const gain = gainAt(seen)
  const floor = Math.max(SPREAD_FLOOR * Math.abs(state[c + VALUE_MEAN]!), leastSpread, TINY)
  const isFirst = seen === 1

  const away = value - state[c + VALUE_MEAN]!
  z[j] = isFirst ? 0 : clipped(away / Math.max(Math.sqrt(state[c + VALUE_VARIANCE]!), floor), STRUCTURE_CLIP)
  state[c + VALUE_MEAN]! += gain * away
  state[c + VALUE_VARIANCE] = (1 - gain) * (state[c + VALUE_VARIANCE]! + gain * away * away)

  const drift = value - state[c + SLOW]! - state[c + SLOW_MEAN]!
  z[other] = isFirst ? 0 : clipped(drift / Math.max(Math.sqrt(state[c + SLOW_VARIANCE]!), floor), STRUCTURE_CLIP)
  state[c + SLOW_MEAN]! += gain * drift
  state[c + SLOW_VARIANCE] = (1 - gain) * (state[c + SLOW_VARIANCE]! + gain * drift * drift)

  const jump = isFirst ? 0 : clipped(step / Math.max(Math.sqrt(state[c + FAST_VARIANCE]!), floor), JUMP_CLIP)
  state[c + FAST_VARIANCE]! += gain * (step * step - state[c + FAST_VARIANCE]!)
  state[c + JUMP] = jump
}

const clipped = (z: number, limit: number): number => Math.max(-limit, Math.min(limit, z))
