import type { Labels } from '../series/labels.ts'

export interface VectorSample {
  labels: Labels
  value: number
  /** When it was scraped, if it comes straight from a selector. */
  sampledMs?: number
}

export interface RangeSeries {
  labels: Labels
  timesMs: number[]
  values: number[]
}

/** A range vector, with the window it was taken from (`rate` extrapolates to its ends). */
export interface Matrix {
  type: 'matrix'
  series: RangeSeries[]
  fromMs: number
  toMs: number
}

export type Value =
  | { type: 'scalar'; value: number }
  | { type: 'string'; value: string }
  | { type: 'vector'; samples: VectorSample[] }
  | Matrix
