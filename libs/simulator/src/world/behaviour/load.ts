import { HOUR_MS } from '../time.ts'

const PEAK_HOUR = 14

/**
 * The load at a time of day as a multiple of its mean: lowest at two in the night, highest at two in the afternoon (UTC).
 *
 * @param daily by how much of the mean it swings, 0..1
 */
export function loadAt(daily: number, nowMs: number): number {
  const hour = (nowMs / HOUR_MS) % 24
  return 1 + daily * Math.cos((2 * Math.PI * (hour - PEAK_HOUR)) / 24)
}

/**
 * The next value of a noise around 0 that wanders instead of jumping.
 *
 * @param previous the last value
 * @param seconds since then
 * @param random in [0, 1)
 * @returns with a standard deviation of about 1
 */
export function nextNoise(previous: number, seconds: number, random: () => number): number {
  const memory = Math.exp(-seconds / 20)
  // A sum of uniform numbers is near enough to a normal one.
  const shock = random() + random() + random() + random() - 2
  return previous * memory + shock * Math.sqrt(3 * (1 - memory * memory))
}
