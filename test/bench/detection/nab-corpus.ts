/** Reads the Numenta Anomaly Benchmark (numenta/NAB v1.1): series, windows of its anomalies, cost profiles, published scores. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

export interface NabSeries {
  /** As in the labels, such as `realTweets/Twitter_volume_AAPL.csv`. */
  name: string
  times: Float64Array
  values: Float64Array
  /** First and last row of each window, in order. */
  windows: readonly (readonly [number, number])[]
}

export const PROFILES = ['standard', 'reward_low_FP_rate', 'reward_low_FN_rate'] as const
export type Profile = (typeof PROFILES)[number]
export interface Costs {
  tpWeight: number
  fpWeight: number
  fnWeight: number
}

/** @returns the series of every file that is there and has labels, by name */
export function nabSeries(folder: string): NabSeries[] {
  const labels = json<Record<string, [string, string][]>>(join(folder, 'labels/combined_windows.json'))
  return Object.keys(labels)
    .filter((name) => existsSync(join(folder, 'data', name)))
    .toSorted()
    .map((name) => {
      const rows = readFileSync(join(folder, 'data', name), 'utf8')
        .trim()
        .split(/\r?\n/)
        .slice(1)
      const times = Float64Array.from(rows, (row) => timeOf(row.slice(0, row.indexOf(','))))
      const values = Float64Array.from(rows, (row) => Number(row.slice(row.indexOf(',') + 1)))
      const windows = labels[name]!.map(
        ([from, to]) => [times.indexOf(timeOf(from)), times.indexOf(timeOf(to))] as const,
      )
      return { name, times, values, windows }
    })
}

export function nabCosts(folder: string): Record<Profile, Costs> {
  const profiles = json<Record<Profile, { CostMatrix: Costs }>>(join(folder, 'config/profiles.json'))
  return {
    standard: profiles.standard.CostMatrix,
    reward_low_FP_rate: profiles.reward_low_FP_rate.CostMatrix,
    reward_low_FN_rate: profiles.reward_low_FN_rate.CostMatrix,
  }
}

/** What others scored: per row and series, their thresholds and the final result that NAB published for them. */
export interface Reference {
  detector: string
  scores: Record<string, number[]>
  thresholds: Record<Profile, { threshold: number }>
  published: Record<Profile, number>
}

/** @returns the detectors whose scores of every row are there; none where the folder has none */
export function* nabReferences(folder: string): Generator<Reference> {
  const scoresFolder = join(folder, 'reference_scores')
  if (!existsSync(scoresFolder)) return
  const thresholds = json<Record<string, Reference['thresholds']>>(join(folder, 'config/thresholds.json'))
  const published = json<Record<string, Reference['published']>>(join(folder, 'published_final_results.json'))
  for (const file of readdirSync(scoresFolder).toSorted()) {
    const detector = file.replace(/\.json\.gz$/, '')
    if (!thresholds[detector] || !published[detector]) continue
    const scores = JSON.parse(gunzipSync(readFileSync(join(scoresFolder, file))).toString()) as Reference['scores']
    yield { detector, scores, thresholds: thresholds[detector], published: published[detector] }
  }
}

function json<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T
}

/** The corpus has no zone; any will do, as long as it has no summer time. */
function timeOf(text: string): number {
  return Date.parse(`${text.trim().slice(0, 19).replace(' ', 'T')}Z`)
}
