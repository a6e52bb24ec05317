import {
  EntityDetector,
  factorInto,
  HalfSpaceTrees,
  MinMaxScaler,
  ORIGINAL_SETTINGS,
  SeasonalForecaster,
  solveLower,
  triangleCells,
} from '@kubewise/stats'
import type { Entity } from './entity-corpus.ts'

/** One entity's scores under one detector. */
export interface EntityRun {
  /** Train part, then test part. Each looks at its own sample and earlier ones only; 0 where not scored yet. */
  scores: Float64Array
  testFrom: number
  stepMs: number
  /** Of the test part. */
  labels: Uint8Array
}

export type EntityScorer = (entity: Entity) => EntityRun

/** Tier 3 as it ships, on tier 1 as it ships: the detector, and what it says of each vector in turn. */
export function tier3({ train, stepMs }: Entity) {
  const metrics = train.columns.length
  const forecaster = new SeasonalForecaster(metrics)
  for (let j = 0; j < metrics; j++) forecaster.add()
  const detector = new EntityDetector(metrics, 1)
  detector.add()
  const surprises = new Float64Array(metrics)
  const learn = (values: Float64Array, t: number) => {
    for (let j = 0; j < metrics; j++) surprises[j] = forecaster.learn(j, t * stepMs, values[j]!).z
    return detector.learn(0, values, surprises)
  }
  return { detector, learn }
}

export const shipped: EntityScorer = (entity) => {
  const { learn } = tier3(entity)
  return run(entity, (values, t) => learn(values, t).score)
}

const RIDGE = 0.02
const SMOOTH_SAMPLES = 5

/** What learns the train part as a whole and then no more: Mahalanobis length of standardised metrics, smoothed as tier 3 is. */
export const batchMahalanobis: EntityScorer = (entity) => {
  const { rows, values, columns } = entity.train
  const d = columns.length
  const mean = new Float64Array(d)
  const sd = new Float64Array(d)
  for (let j = 0; j < d; j++) {
    for (let t = 0; t < rows; t++) mean[j]! += values[t * d + j]! / rows
    for (let t = 0; t < rows; t++) sd[j]! += (values[t * d + j]! - mean[j]!) ** 2 / rows
    sd[j] = Math.max(Math.sqrt(sd[j]!), 1e-3 * Math.abs(mean[j]!), 1e-6)
  }
  const z = new Float64Array(d)
  const standardise = (row: Float64Array) => {
    for (let j = 0; j < d; j++) z[j] = (row[j]! - mean[j]!) / sd[j]!
  }
  const covariance = new Float32Array(triangleCells(d))
  for (let t = 0; t < rows; t++) {
    standardise(values.subarray(t * d, (t + 1) * d))
    for (let i = 0; i < d; i++) for (let k = 0; k <= i; k++) covariance[triangleCells(i) + k]! += (z[i]! * z[k]!) / rows
  }
  const factor = new Float64Array(covariance.length)
  factorInto(covariance, 0, d, RIDGE, factor)
  const single = Float32Array.from(factor)
  const whitened = new Float64Array(d)
  let smooth = 0
  return run(entity, (row) => {
    standardise(row)
    smooth += (Math.sqrt(solveLower(single, 0, d, z, whitened) / d) - smooth) / SMOOTH_SAMPLES
    return smooth
  })
}

/** The original's: Half-Space Trees over all metrics, scaled by the least and greatest value seen so far. */
export const originalTrees =
  (seed: number): EntityScorer =>
  (entity) => {
    const metrics = entity.train.columns.length
    const trees = new HalfSpaceTrees(metrics, { ...ORIGINAL_SETTINGS, seed })
    const scaler = new MinMaxScaler(metrics)
    const sample = new Float64Array(metrics)
    return run(entity, (values) => {
      sample.set(values)
      scaler.learn(sample)
      return trees.learn(sample)
    })
  }

/** Plays train and test part as one stream. */
export function run(
  { train, test, stepMs, labels }: Entity,
  score: (values: Float64Array, t: number) => number,
): EntityRun {
  const d = train.columns.length
  const scores = new Float64Array(train.rows + test.rows)
  for (const [part, from] of [
    [train, 0],
    [test, train.rows],
  ] as const)
    for (let t = 0; t < part.rows; t++) scores[from + t] = score(part.values.subarray(t * d, (t + 1) * d), from + t)
  return { scores, testFrom: train.rows, stepMs, labels }
}
