import type { Contributor } from '@kubewise/contracts'
import type { EntityDetector, EntityScore } from '@kubewise/stats'
import { contributorBy, contributorOf } from './contributor.ts'
import { isBad } from './metric-kind.ts'
import type { Model, Reading } from './models.ts'

/** A smaller deviation is none, however small the metric's meaning begins. */
const LEAST_Z = 3
const LEAST_SPREAD = 1e-12
const TOP = 5

/** Whether a metric deviates, by practical measure and by its own. */
export const isOfMeaning = ({ kind }: Model, { value, expected, smoothZ }: Reading): boolean =>
  Math.abs(smoothZ) >= LEAST_Z && isBad(kind, value - expected)

/** What has most part in tier 3's score: by tier 1 where that is surprised, else against all that it has been. */
export function contributorsOf(
  detector: EntityDetector,
  index: number,
  models: readonly Model[],
  readings: readonly Reading[],
): { contributor: Contributor; isOfMeaning: boolean }[] {
  return detector.contributions(index).map(({ metric, share }) => {
    const [model, reading] = [models[metric]!, readings[metric]!]
    if (Math.abs(reading.smoothZ) >= LEAST_Z)
      return { contributor: contributorBy(model, reading, share), isOfMeaning: isOfMeaning(model, reading) }
    const { mean, sd: learnt } = detector.usual(index, metric)
    const sd = Math.max(learnt, model.kind.floor, LEAST_SPREAD)
    const z = (reading.value - mean) / sd
    return {
      contributor: contributorOf(model, reading.value, { expected: mean, sd, z }, share),
      isOfMeaning: Math.abs(z) >= LEAST_Z && isBad(model.kind, reading.value - mean),
    }
  })
}

/** What has most part in the agreement of views. @param shares one for each metric, 0 where it has none */
export const byShare = (models: readonly Model[], readings: readonly Reading[], shares: Float64Array): Contributor[] =>
  models
    .map((model, i) => contributorBy(model, readings[i]!, shares[i]!))
    .filter(({ share }) => share > 0)
    .toSorted((a, b) => b.share - a.share)
    .slice(0, TOP)

export const rounded = (views: Pick<EntityScore, 'structure' | 'surprise' | 'jump'>): Record<string, number> =>
  Object.fromEntries(Object.entries(views).map(([name, value]) => [name, Math.round(value * 100) / 100]))
