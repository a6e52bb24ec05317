import { median } from '@kubewise/stats'

/** What is looked at for a flat use. */
const LOOKED_BACK_MS = 300_000
const START_UP_MS = 60_000
const FEWEST_POINTS = 4
/** Growth below this share of the level is noise. */
const NOISE_SHARE = 0.02

/**
 * Whether a use had been flat before its process ended at `atMs` after running for `ranMs`. Its start is left out, the last five
 * minutes count; use that would have grown by half over the whole run at the pace seen there is a leak, however slow.
 */
export function wasFlat(window: { timeMs: number[]; value: number[] }, atMs: number, ranMs: number): boolean {
  const fromMs = Math.max(atMs - LOOKED_BACK_MS, atMs - ranMs + START_UP_MS)
  const points = window.timeMs.flatMap((ms, i) => (ms >= fromMs && ms <= atMs ? { ms, value: window.value[i]! } : []))
  if (points.length < FEWEST_POINTS) return false
  const [first, second] = [points.slice(0, points.length >> 1), points.slice(points.length >> 1)]
  const level = (half: typeof points) => median(half.map((point) => point.value))
  const growth = level(second) - level(first)
  const overMs = median(second.map((point) => point.ms)) - median(first.map((point) => point.ms))
  const highest = Math.max(level(first), level(second))
  const isDrift = growth > NOISE_SHARE * highest && (growth / overMs) * ranMs > 0.5 * highest
  return growth <= 0.2 * highest && !isDrift
}
