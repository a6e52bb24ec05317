/**
 * How rare a non-negative number is among those before it, in decades: -log10 of the share that was at least as large.
 *
 * A histogram with bins of equal ratio forgets by halving. Where it holds enough larger samples their share is the answer; above
 * that a generalised Pareto tail with moments as estimates goes on (Coles, An Introduction to Statistical Modeling of Extreme
 * Values, 2001, section 4). Counts are 16-bit, four units a sample, so that halving keeps the last few.
 */
export const TAIL_BINS = 96
const BINS_A_DECADE = 12
const LOWEST = 1e-3
/** Larger samples that must be there for their share to be taken as it is. */
const ENOUGH = 8
export const UNITS_A_SAMPLE = 4
/** Then all counts are halved: 8,000 to 16,000 samples are remembered. */
export const MOST_UNITS = 64_000
const MOST_DECADES = 12
/** Below this the shape counts as 0: an exponential tail. */
const FLAT_SHAPE = 1e-6

const LOWER = Float64Array.from({ length: TAIL_BINS }, (_, bin) => LOWEST * 10 ** (bin / BINS_A_DECADE))
const MIDDLE = Float64Array.from({ length: TAIL_BINS }, (_, bin) => LOWEST * 10 ** ((bin + 0.5) / BINS_A_DECADE))

/** @returns the bin of a number, 0 for all up to the lowest */
export function tailBin(x: number): number {
  return x <= LOWEST ? 0 : Math.min(TAIL_BINS - 1, Math.floor((Math.log10(x) + 3) * BINS_A_DECADE))
}

/**
 * @param counts histograms, TAIL_BINS units each
 * @param from where this one begins
 * @param units in all its bins
 * @param x the number; at least 0
 * @param bin of x
 * @returns decades, 0 to 12
 */
export function tailSurprise(counts: Uint16Array, from: number, units: number, x: number, bin: number): number {
  if (bin === 0 || units === 0) return 0
  let top = TAIL_BINS - 1
  while (top > 0 && counts[from + top] === 0) top--
  let above = 0
  let start = top
  for (; start >= 0; start--) {
    above += counts[from + start]!
    if (above >= ENOUGH * UNITS_A_SAMPLE) break
  }
  start = Math.max(0, start)
  if (bin <= start) {
    for (let i = start - 1; i >= bin; i--) above += counts[from + i]!
    return Math.max(0, -Math.log10((above - counts[from + bin]! / 2) / units))
  }
  if (above === 0) return 0
  return Math.min(
    MOST_DECADES,
    Math.max(0, -Math.log10(above / units) + paretoDecades(counts, from, start, top, above, x)),
  )
}

/** Halves a histogram. */
export function halveTail(counts: Uint16Array, from: number): void {
  for (let i = from; i < from + TAIL_BINS; i++) counts[i]! >>= 1
}

/** Decades of x beyond the lower end of bin `start`. */
function paretoDecades(
  counts: Uint16Array,
  from: number,
  start: number,
  top: number,
  above: number,
  x: number,
): number {
  const threshold = LOWER[start]!
  let sum = 0
  let squares = 0
  for (let i = start; i <= top; i++) {
    const excess = MIDDLE[i]! - threshold
    sum += counts[from + i]! * excess
    squares += counts[from + i]! * excess * excess
  }
  const mean = sum / above
  const variance = Math.max(squares / above - mean * mean, 1e-12 * mean * mean)
  const shape = Math.min(0.5, Math.max(0, 0.5 * (1 - (mean * mean) / variance)))
  const scale = Math.max(mean * (1 - shape), 0.1 * threshold)
  const y = (x - threshold) / scale
  return shape > FLAT_SHAPE ? Math.log10(1 + shape * y) / shape : y / Math.LN10
}
