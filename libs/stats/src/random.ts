/**
 * The next number of a seeded generator in [0, 1): mulberry32 (Tommy Ettinger, public domain), 32 bits of state.
 *
 * @param state one number a series, moved on by the call
 * @param index of the series
 */
export function nextRandom(state: Uint32Array, index: number): number {
  const next = (state[index]! + 0x6d2b79f5) >>> 0
  state[index] = next
  let mixed = Math.imul(next ^ (next >>> 15), next | 1)
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
}
