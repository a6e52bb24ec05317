/** Thresholds of single series on the original's scale of 0 to 1: what must be exceeded, the higher the fewer alerts. */
export type Thresholds = Readonly<Record<string, number>>

export const SHIPPED_THRESHOLDS: Thresholds = { default: 0.85, memory: 0.95 }

/** The original's 0.85 stands for this many standard deviations. */
export const DEFAULT_DEVIATIONS = 8
/** Deviations a hundredth of the original's threshold adds or takes. */
const DEVIATIONS_PER_HUNDREDTH = 0.4
const FEWEST_DEVIATIONS = 4

/** Of a metric by its name, else by `memory` where its name says so, else the default. */
export function thresholdOf(metric: string, thresholds: Thresholds): number {
  // Names are given by people: one of them may be `constructor`.
  const own = Object.hasOwn(thresholds, metric) ? thresholds[metric] : undefined
  const family = metric.includes('memory') ? thresholds['memory'] : undefined
  return own ?? family ?? thresholds['default'] ?? SHIPPED_THRESHOLDS['default']!
}

/** How many standard deviations a threshold means. */
export function deviationsOf(threshold: number): number {
  const more = (threshold - SHIPPED_THRESHOLDS['default']!) * 100 * DEVIATIONS_PER_HUNDREDTH
  return Math.max(FEWEST_DEVIATIONS, DEFAULT_DEVIATIONS + more)
}

/** What a budget's threshold on the root of deviations is multiplied by: 1 at the threshold that ships, for which it is made. */
export function factorOf(metric: string, threshold: number): number {
  return Math.sqrt(deviationsOf(threshold) / deviationsOf(thresholdOf(metric, SHIPPED_THRESHOLDS)))
}
