/**
 * Shapes that a series has shown before: a reservoir of short runs of samples ("shingles"), kept in 8 bits a number.
 *
 * The unit is a sixteenth of the series' standard deviation, so numbers beyond eight deviations are one; when deviation or centre
 * have moved on, all that is kept is written anew in the new unit.
 */
import { nextRandom } from './random.ts'

export const SHINGLE = 8
export const SHINGLES = 88
export const SHINGLE_BYTES = SHINGLE * SHINGLES
const UNITS_A_DEVIATION = 16
const LARGEST = 127
/** Written anew when the deviation is this much larger or smaller than the unit was made for. */
const STRETCH = 1.5

/** Unit and centre of what is kept for one series. */
export interface ShingleScale {
  unit: number
  centre: number
}

/** @returns whether the scale no longer fits the series; it then is to be replaced with `rescaleShingles` */
export function isStale(scale: ShingleScale, mean: number, sd: number): boolean {
  const deviations = (scale.unit * UNITS_A_DEVIATION) / sd
  return deviations > STRETCH || deviations < 1 / STRETCH || Math.abs(mean - scale.centre) > 2 * sd
}

/** Writes what is kept anew around another mean and deviation, and moves the scale there. */
export function rescaleShingles(
  kept: Int8Array,
  from: number,
  count: number,
  scale: ShingleScale,
  mean: number,
  sd: number,
): void {
  const unit = sd / UNITS_A_DEVIATION
  for (let i = from; i < from + count; i++) kept[i] = eightBits((kept[i]! * scale.unit + scale.centre - mean) / unit)
  scale.unit = unit
  scale.centre = mean
}

/** @returns a number in units of the scale, as it is kept */
export function inUnits(value: number, scale: ShingleScale): number {
  return eightBits((value - scale.centre) / scale.unit)
}

/**
 * @param shingle SHINGLE numbers in units
 * @param count of shingles kept, at least 1
 * @returns root mean square distance to the nearest, in standard deviations
 */
export function nearestShingle(kept: Int8Array, from: number, count: number, shingle: Int8Array): number {
  const a = shingle[0]!
  const b = shingle[1]!
  const c = shingle[2]!
  const d = shingle[3]!
  const e = shingle[4]!
  const f = shingle[5]!
  const g = shingle[6]!
  const h = shingle[7]!
  let best = Infinity
  for (let at = from, end = from + count * SHINGLE; at < end; at += SHINGLE) {
    // The newest first: it is what most often differs.
    const dh = kept[at + 7]! - h
    const dd = kept[at + 3]! - d
    let sum = dh * dh + dd * dd
    if (sum >= best) continue
    const df = kept[at + 5]! - f
    const db = kept[at + 1]! - b
    sum += df * df + db * db
    if (sum >= best) continue
    const dg = kept[at + 6]! - g
    const de = kept[at + 4]! - e
    const dc = kept[at + 2]! - c
    const da = kept[at]! - a
    sum += dg * dg + de * de + dc * dc + da * da
    if (sum < best) best = sum
  }
  return Math.sqrt(best / SHINGLE) / UNITS_A_DEVIATION
}

/**
 * Keeps a shingle: while there is room always, else with probability `share` in place of a random one.
 *
 * @returns how many are kept now
 */
export function keepShingle(
  kept: Int8Array,
  from: number,
  count: number,
  shingle: Int8Array,
  share: number,
  random: Uint32Array,
  index: number,
): number {
  if (count < SHINGLES) {
    kept.set(shingle, from + count * SHINGLE)
    return count + 1
  }
  if (nextRandom(random, index) < share)
    kept.set(shingle, from + Math.floor(nextRandom(random, index) * SHINGLES) * SHINGLE)
  return count
}

function eightBits(units: number): number {
  return Math.max(-LARGEST, Math.min(LARGEST, Math.round(units)))
}
