/**
 * Brings each feature to 0 … 1 by the least and the greatest value seen so far, as River's MinMaxScaler does: it never forgets,
 * so one early spike makes all that follows look alike. Kept since the original had it; the tiers do without.
 */
export class MinMaxScaler {
  readonly #least: Float64Array
  readonly #greatest: Float64Array

  /** @param features how many each sample has */
  constructor(features: number) {
    this.#least = new Float64Array(features).fill(Infinity)
    this.#greatest = new Float64Array(features).fill(-Infinity)
  }

  /**
   * Learns a sample, then scales it in place.
   *
   * @param sample of as many features, each finite; becomes 0 … 1, 0 while a feature was never another
   */
  learn(sample: Float64Array): void {
    for (let i = 0; i < sample.length; i++) {
      const value = sample[i]!
      const least = (this.#least[i] = Math.min(this.#least[i]!, value))
      const greatest = (this.#greatest[i] = Math.max(this.#greatest[i]!, value))
      const range = greatest - least
      sample[i] = range > 0 ? (value - least) / range : 0
    }
  }

  stateOf(): { least: number[]; greatest: number[] } {
    return { least: [...this.#least], greatest: [...this.#greatest] }
  }

  /** @param state of a scaler that has learnt at least one sample, of as many features */
  restore({ least, greatest }: { least: readonly number[]; greatest: readonly number[] }): void {
    this.#least.set(least)
    this.#greatest.set(greatest)
  }
}
