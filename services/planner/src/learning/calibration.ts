import type { Outcome } from '@kubewise/contracts'

/** Plans whose confidence is within this of another's say something of it. */
const REACH = 0.15
/** So many outcomes weigh as much as the computed confidence itself. */
const PRIOR = 10

/**
 * What a computed confidence has been worth: the share of successes among plans of about that confidence, with the computed
 * one as prior. Kernel-smoothed reliability curve; without outcomes it changes nothing.
 *
 * @param confidence as computed, 0 to 1
 * @returns 0 to 1
 */
export function calibrated(confidence: number, outcomes: readonly Pick<Outcome, 'confidence' | 'result'>[]): number {
  let weights = PRIOR
  let successes = PRIOR * confidence
  for (const { confidence: given, result } of outcomes) {
    const weight = Math.max(0, 1 - Math.abs(given - confidence) / REACH)
    weights += weight
    successes += weight * (result === 'recovered' ? 1 : 0)
  }
  return successes / weights
}
