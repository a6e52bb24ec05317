export const SEED = 1

/**
 * The stream that baselines are timed on: a slow wave around 50, ten up and down, with normal noise of two.
 *
 * @returns the same for the same seed
 */
export function streamOf(seed: number, count: number): Float64Array {
  let state = seed
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return (state + 0.5) / 2 ** 32
  }
  const noise = () => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random())
  return Float64Array.from({ length: count }, (_, i) => 50 + 10 * Math.sin(i / 50) + 2 * noise())
}
