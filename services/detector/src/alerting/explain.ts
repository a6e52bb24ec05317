import type { Contributor, Entity, Explanation } from '@kubewise/contracts'
import type { EventBursts } from './event-bursts.ts'
import type { FeedbackMemory } from './feedback-memory.ts'
import { sampleOf, signatureOf } from './sample.ts'

const DAY_MS = 86_400_000
/** What is rarer is said to be so rare: nobody has watched for longer. */
const MOST_DAYS = 1e6

/** What a model saw, before it is put into words. */
export interface Unusual {
  entity: Entity
  target: Entity
  targetKey: string
  timeMs: number
  /** The greatest part first; at least one. */
  contributors: Contributor[]
  views: Record<string, number>
  usesSeason: boolean
  sinceMs: number
  isDuringRollout: boolean
  shiftedSinceMs?: number
}

/** What a word of people moves, worked out once for a score near its threshold. */
export interface Weighed {
  signature: string
  sample: number[]
  feedbackDecades: number
}

/** @param decades of how rare the score is for the like of it */
export function weigh(unusual: Unusual, decades: number, bursts: EventBursts, feedback: FeedbackMemory): Weighed {
  const { entity, target, targetKey, contributors, isDuringRollout, timeMs } = unusual
  const signature = signatureOf(target.kind, contributors, isDuringRollout)
  const sample = sampleOf({
    decades,
    eventDecades: bursts.decadesOf(targetKey, timeMs),
    isDuringRollout,
    isPod: entity.kind === 'Pod',
    isNode: entity.kind === 'Node',
    z: contributors[0]?.z ?? 0,
    share: contributors[0]?.share ?? 0,
    timeMs,
  })
  return { signature, sample, feedbackDecades: rounded(feedback.decadesFor(signature, sample)) }
}

/**
 * The record that goes with an alert of a model.
 *
 * @param oncePerDays days between hours with such a score, for the like of it
 */
export function explain(
  unusual: Unusual,
  oncePerDays: number,
  bursts: EventBursts,
  feedback: FeedbackMemory,
): Explanation {
  const { timeMs, contributors, views, usesSeason, sinceMs, isDuringRollout, shiftedSinceMs, targetKey } = unusual
  const decades = decadesOf(oncePerDays)
  const weighed = weigh(unusual, decades, bursts, feedback)
  const similar = feedback.similar(weighed.signature)
  return {
    decades,
    oncePerDays: Math.round(Math.min(MOST_DAYS, oncePerDays) * 10) / 10,
    contributors,
    views,
    // Before it has seen a day there is no season, whatever was foretold by.
    usesSeason: usesSeason && timeMs - sinceMs >= DAY_MS,
    historyMs: Math.max(0, timeMs - sinceMs),
    isDuringRollout,
    ...(shiftedSinceMs !== undefined && { shiftedSinceMs }),
    events: bursts.lately(targetKey, timeMs),
    ...weighed,
    ...(similar && { similar }),
  }
}

/** How rare an hour with such a score is, in decades; 12 at most. */
export const decadesOf = (oncePerDays: number): number =>
  Math.max(0, Math.min(12, rounded(Math.log10(Math.max(1e-9, Math.min(MOST_DAYS, oncePerDays) * 24)))))

/** The record in one sentence. */
export function sentenceOf(explanation: Explanation): string {
  const { contributors, usesSeason, oncePerDays, isDuringRollout, events } = explanation
  const [first, ...others] = contributors
  if (!first) return 'It behaves as it never did.'
  const direction = first.observed >= first.expected ? 'above' : 'below'
  const when = usesSeason ? ' at this hour' : ''
  const more = others
    .filter(({ z, share }) => Math.abs(z) >= 3 && share >= 0.1)
    .slice(0, 2)
    .map(({ name, observed, expected }) => `${name} at ${shown(observed)} against ${shown(expected)}`)
  return [
    `${first.name} is ${shown(first.observed)}, ${direction} the ${shown(first.expected)} expected${when} by ${Math.abs(first.z).toFixed(0)} standard deviations`,
    ...(more.length > 0 ? [`, with ${more.join(' and ')}`] : []),
    ...(events[0] ? [`, with Events of ${events[0].reason}`] : []),
    ...(isDuringRollout ? [', during a rollout'] : []),
    `; once in about ${oncePerDays < 1 ? 'a day' : oncePerDays > 365 ? 'a year or more' : `${Math.round(oncePerDays)} days`}.`,
  ].join('')
}

const rounded = (value: number) => Math.round(value * 100) / 100 + 0

/** Three digits, without an exponent where a person would not use one. */
const shown = (value: number): string =>
  Math.abs(value) >= 1000 && Math.abs(value) < 1e9 ? String(Math.round(value)) : String(Number(value.toPrecision(3)))
