/**
 * NAB's scorer, written anew from its description and checked against its published results: Lavin and Ahmad, Evaluating
 * Real-Time Anomaly Detection Algorithms, ICMLA 2015; sigmoid and sweep as in numenta/NAB v1.1.
 *
 * The first alert in a window earns up to 1, the earlier the more; every alert outside costs, less shortly after a window; a window
 * without an alert costs. Rows of the probation (the first 15 %, at most 750) are not scored.
 */
import type { Costs, NabSeries } from './nab-corpus.ts'

const PROBATION_SHARE = 0.15
const PROBATION_ROWS_FROM = 5000

/** What an alert at each row is worth, before weights. */
interface Worth {
  series: NabSeries
  probation: number
  /** The window that the row is in, -1 outside. */
  windowOf: Int32Array
  /** In a window: worth relative to its very start; outside: -1 to 0. */
  worth: Float64Array
}

export class NabScorer {
  readonly #worths: readonly Worth[]

  constructor(series: readonly NabSeries[]) {
    this.#worths = series.map(worthOf)
  }

  /**
   * The score at one threshold: rows with a score of at least that are alerts.
   *
   * @param scores one array per series, one score per row
   * @returns normalised so that no alert at all is 0 and a perfect detector 100
   */
  at(threshold: number, scores: readonly ArrayLike<number>[], costs: Costs): number {
    let total = 0
    let windows = 0
    this.#worths.forEach((worth, i) => {
      const best = new Map<number, number>()
      for (let row = worth.probation; row < worth.worth.length; row++) {
        const window = worth.windowOf[row]!
        if (window >= 0 && !best.has(window)) best.set(window, -costs.fnWeight)
        if (!(scores[i]![row]! >= threshold)) continue
        if (window < 0) total += worth.worth[row]! * costs.fpWeight
        else best.set(window, Math.max(best.get(window)!, worth.worth[row]! * costs.tpWeight))
      }
      for (const part of best.values()) total += part
      windows += worth.series.windows.length
    })
    return normalised(total, windows, costs)
  }

  /**
   * The best threshold for these series, as NAB itself picks it.
   *
   * @returns threshold and normalised score; an infinite threshold where no alert at all is best
   */
  best(scores: readonly ArrayLike<number>[], costs: Costs): { threshold: number; score: number } {
    const rows: { score: number; series: number; row: number }[] = []
    const best = new Map<string, number>()
    let windows = 0
    let total = 0
    this.#worths.forEach((worth, series) => {
      windows += worth.series.windows.length
      for (let row = worth.probation; row < worth.worth.length; row++) {
        const key = `${series} ${worth.windowOf[row]!}`
        if (worth.windowOf[row]! >= 0 && !best.has(key)) {
          best.set(key, -costs.fnWeight)
          total -= costs.fnWeight
        }
        // A score of zero never is an alert; leaving it out makes the sweep short.
        if (scores[series]![row]! > 0) rows.push({ score: scores[series]![row]!, series, row })
      }
    })
    rows.sort((a, b) => b.score - a.score)
    let top = { threshold: Infinity, score: total }
    rows.forEach(({ score, series, row }, i) => {
      const { windowOf, worth } = this.#worths[series]!
      if (windowOf[row]! < 0) total += worth[row]! * costs.fpWeight
      else {
        const key = `${series} ${windowOf[row]!}`
        const gain = Math.max(0, worth[row]! * costs.tpWeight - best.get(key)!)
        best.set(key, best.get(key)! + gain)
        total += gain
      }
      if (rows[i + 1]?.score !== score && total > top.score) top = { threshold: score, score: total }
    })
    return { threshold: top.threshold, score: normalised(top.score, windows, costs) }
  }
}

function normalised(total: number, windows: number, costs: Costs): number {
  const silent = -windows * costs.fnWeight
  return (100 * (total - silent)) / (windows * costs.tpWeight - silent)
}

function worthOf(series: NabSeries): Worth {
  const rows = series.values.length
  const windowOf = new Int32Array(rows).fill(-1)
  const worth = new Float64Array(rows).fill(-1)
  series.windows.forEach(([first, last], w) => {
    const width = last - first + 1
    windowOf.fill(w, first, last + 1)
    for (let row = first; row <= last; row++) worth[row] = sigmoid(-(last - row + 1) / width) / sigmoid(-1)
    const next = series.windows[w + 1]?.[0] ?? rows
    for (let row = last + 1; row < next; row++) worth[row] = sigmoid((row - last) / (width - 1))
  })
  const probation = Math.floor(Math.min(PROBATION_SHARE * rows, PROBATION_SHARE * PROBATION_ROWS_FROM))
  return { series, probation, windowOf, worth }
}

/** @param position in window widths from the window's end, negative inside it */
function sigmoid(position: number): number {
  return position > 3 ? -1 : 2 / (1 + Math.exp(5 * position)) - 1
}
