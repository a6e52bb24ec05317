/**
 * The distribution of block maxima: weights over logarithmic bins, and a generalised Pareto tail where counts end, fitted by
 * probability-weighted moments.
 *
 * J. R. M. Hosking, J. R. Wallis, Parameter and quantile estimation for the generalized Pareto distribution, Technometrics 29 (1987).
 */
export const BINS = 64
const BINS_PER_OCTAVE = 8
/** Scores from a quarter to 64; what lies outside counts in the first or last bin. */
const LOWEST = 0.25
/** Theta comes from counts down to here, from the fitted tail beyond. */
const TAIL_BLOCKS = 8
/** … but a tail is no more than this share of all blocks. */
const TAIL_SHARE = 1 / 8
/** A tail heavier than this has no mean worth the name; eight blocks may well feign one. */
const MOST_SHAPE = 0.5
/** A prior is told by its median and by what one block of so many exceeds. */
const RARE = 0.001

/** The bin of a score of 0 or more. */
export function binOf(score: number): number {
  const bin = Math.floor(Math.log2(Math.max(score, LOWEST) / LOWEST) * BINS_PER_OCTAVE)
  return Math.min(BINS - 1, bin)
}

/** The score at a place on the bins' scale; whole numbers are edges. */
const scoreAt = (place: number) => LOWEST * 2 ** (place / BINS_PER_OCTAVE)

/** A log-logistic distribution through the prior's two quantiles, as shares of the bins. */
export function priorOf(median: number, rare: number): Float64Array {
  const shape = Math.log(1 / RARE - 1) / Math.log(rare / median)
  const above = (place: number) => (place <= 0 ? 1 : place >= BINS ? 0 : 1 / (1 + (scoreAt(place) / median) ** shape))
  return Float64Array.from({ length: BINS }, (_, bin) => above(bin) - above(bin + 1))
}

interface Tail {
  /** First bin of the tail. */
  bin: number
  /** Weight within the tail and in all. */
  weight: number
  total: number
  shape: number
  scale: number
}

/** Fits a generalised Pareto distribution, by probability-weighted moments, to what lies above the eighth-highest block. */
function tailOf(weights: Float64Array): Tail {
  let total = 0
  for (let bin = 0; bin < BINS; bin++) total += weights[bin]!
  let bin = BINS
  let weight = 0
  while (bin > 0 && weight < Math.min(TAIL_BLOCKS, TAIL_SHARE * total)) weight += weights[--bin]!
  const edge = scoreAt(bin)
  let mean = 0
  let upper = 0
  let above = 0
  for (let b = BINS - 1; b >= bin; b--) {
    const share = weights[b]! / weight
    const excess = scoreAt(b + 0.5) - edge
    mean += share * excess
    upper += share * excess * (above + share / 2)
    above += share
  }
  const shape = Math.min(MOST_SHAPE, Math.max(0, 2 - mean / (mean - 2 * upper)))
  return { bin, weight, total, shape, scale: Math.max(mean * (1 - shape), 0.05 * edge) }
}

/** The score that a share of the blocks exceeds. Falls as the share rises. */
export function quantile(weights: Float64Array, share: number): number {
  const { bin, weight, total, shape, scale } = tailOf(weights)
  const wanted = share * total
  if (wanted < weight) {
    const ratio = Math.log(weight / wanted)
    return scoreAt(bin) + (shape > 1e-6 ? (scale * Math.expm1(shape * ratio)) / shape : scale * ratio)
  }
  let above = weight
  let low = bin
  while (low > 0 && above + weights[low - 1]! < wanted) above += weights[--low]!
  if (low === 0) return LOWEST
  return scoreAt(low - (wanted - above) / weights[low - 1]!)
}

/** The share of the blocks that exceeds a score: the inverse of `quantile`. */
export function exceedanceOf(weights: Float64Array, score: number): number {
  const { bin, weight, total, shape, scale } = tailOf(weights)
  const excess = score - scoreAt(bin)
  if (excess >= 0) {
    const decay = shape > 1e-6 ? (1 + (shape * excess) / scale) ** (-1 / shape) : Math.exp(-excess / scale)
    return (weight / total) * decay
  }
  const place = Math.max(0, Math.log2(Math.max(score, LOWEST) / LOWEST) * BINS_PER_OCTAVE)
  const own = Math.floor(place)
  let above = weights[own]! * (1 - (place - own))
  for (let b = own + 1; b < BINS; b++) above += weights[b]!
  return above / total
}
