import type { Contributor } from '@kubewise/contracts'
import type { Model, Reading } from './models.ts'

/** Half the width of the band that an explanation shows, in standard deviations. */
const BAND_SD = 3
/** More is not known to be worse. */
const GREATEST_Z = 1000

/** One metric's part as an explanation shows it. */
export const contributorOf = (
  { series }: Model,
  observed: number,
  { expected, sd, z }: { expected: number; sd: number; z: number },
  share: number,
): Contributor => ({
  name: series.metric,
  observed,
  expected,
  low: expected - BAND_SD * sd,
  high: expected + BAND_SD * sd,
  z: Math.round(Math.max(-GREATEST_Z, Math.min(GREATEST_Z, z)) * 10) / 10 + 0,
  share: Math.round(Math.min(1, share) * 1000) / 1000,
})

/** The same, by tier 1 alone. */
export const contributorBy = (model: Model, { value, expected, sd, smoothZ }: Reading, share: number): Contributor =>
  contributorOf(model, value, { expected, sd, z: smoothZ }, share)
