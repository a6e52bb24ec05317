import type { Outcome, Refusal } from '@kubewise/contracts'

const DAY = 24 * 60 * 60_000
/** An outcome counts half after this long: clusters and workloads change. */
const HALF_LIFE_MS = 30 * DAY
/** Outcomes that a remedy is given credit for before it has any of its own. */
const PRIOR_SUCCESSES = 3
/** So many failures in a row, none of them older than the half-life, and a person is to look first. */
const DEMOTED_AFTER = 3
/** What was learnt moves the rate within these, so that neither a few failures nor a few successes settle it for ever. */
const LOWEST_RATE = 0.1
const HIGHEST_RATE = 0.99
/** A playbook moves by at most so many places of `order`. */
const MOST_SHIFT = 9

/** What a remedy is for: outcomes are counted for all three alike. */
export interface Remedied {
  cause: string
  action: string
  workloadKind: string
}

/** How a remedy has fared. */
export interface Standing {
  /** How many plans are known to have ended, and how many of them well. */
  tried: number
  recovered: number
  /** Expected share of successes, 0 to 1; near 1 while nothing is known. */
  rate: number
  /** Failed again and again lately: asked later, and only with a person. The reason is for that person. */
  demotion?: Refusal
}

const isOf = (remedied: Remedied) => (outcome: Outcome) =>
  outcome.cause === remedied.cause &&
  outcome.action === remedied.action &&
  outcome.workloadKind === remedied.workloadKind

const newestFirst = (a: Outcome, b: Outcome) => b.endedMs - a.endedMs || (a._id < b._id ? -1 : 1)

const isSuccess = ({ result }: Outcome) => result === 'recovered'

function demotionOf(remedied: Remedied, newest: readonly Outcome[], nowMs: number): Refusal | undefined {
  const last = newest.filter(({ endedMs }) => nowMs - endedMs < HALF_LIFE_MS).slice(0, DEMOTED_AFTER)
  if (last.length < DEMOTED_AFTER || last.some(isSuccess)) return undefined
  const { action, cause, workloadKind } = remedied
  return {
    code: 'demoted',
    say: `${action} for ${cause} on a ${workloadKind} did not help the last ${DEMOTED_AFTER} times; a person is to look first.`,
  }
}

/**
 * The standing of a remedy by how its plans ended: a mean with a prior of successes, each outcome weighing less with its age.
 * What nobody could tell (inconclusive) counts as half a failure.
 *
 * @param outcomes in any order, those of other remedies are passed over
 */
export function standingOf(remedied: Remedied, outcomes: readonly Outcome[], nowMs: number): Standing {
  const own = outcomes.filter(isOf(remedied)).sort(newestFirst)
  const weighed = own.map((outcome) => ({
    weight: 0.5 ** (Math.max(0, nowMs - outcome.endedMs) / HALF_LIFE_MS),
    success: isSuccess(outcome) ? 1 : outcome.result === 'inconclusive' ? 0.5 : 0,
  }))
  const successes = weighed.reduce((sum, { weight, success }) => sum + weight * success, PRIOR_SUCCESSES)
  const all = weighed.reduce((sum, { weight }) => sum + weight, PRIOR_SUCCESSES)
  const demotion = demotionOf(remedied, own, nowMs)
  return {
    tried: own.length,
    recovered: own.filter(isSuccess).length,
    rate: Math.min(HIGHEST_RATE, Math.max(LOWEST_RATE, successes / all)),
    ...(demotion && { demotion }),
  }
}

/** How far a playbook moves back among the others for its standing, in places of `order`. Never past those that leave things alone or call a person for a known reason. */
export function orderShift({ rate, demotion }: Standing): number {
  return demotion ? MOST_SHIFT : Math.round((HIGHEST_RATE - rate) * MOST_SHIFT)
}
