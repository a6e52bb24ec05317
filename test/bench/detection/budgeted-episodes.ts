import type { EntityRun } from './entity-scorers.ts'
import { segmentsOf } from './vus-pr.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Samples after a labelled segment in which its episode may still begin: the score is smoothed over as many. */
const GRACE_SAMPLES = 5

/** What an operator would have had of a threshold. */
export interface Budgeted {
  segments: number
  /** Labelled segments with a sample above the threshold in them or up to 5 samples later. */
  found: number
  /** Episodes that begin elsewhere; what follows within an hour is the same episode. */
  falseEpisodes: number
  days: number
}

/**
 * The lowest level that would have given at most `perDay` episodes a day on the train part's later half: no label is read. In the
 * earlier half a detector knows less than it will. Hours above the level that follow each other are one episode.
 *
 * @param run its scores before `testFrom`
 */
function thresholdOf({ scores, testFrom, stepMs }: EntityRun, perDay: number): number {
  const from = Math.floor(testFrom / 2)
  const block = Math.max(1, Math.round(HOUR_MS / stepMs))
  const hours = Math.floor((testFrom - from) / block)
  const maxima = Array.from({ length: hours }, (_, hour) =>
    scores.subarray(from + hour * block, from + (hour + 1) * block).reduce((a, b) => Math.max(a, b), 0),
  )
  const allowed = (perDay * hours) / 24
  let threshold = Infinity
  for (const level of maxima.toSorted((a, b) => b - a)) {
    const episodes = maxima.filter((most, hour) => most > level && !(maxima[hour - 1]! > level)).length
    if (episodes > allowed) break
    threshold = level
  }
  return threshold
}

/** Plays the test part at the threshold of the train part. */
export function atBudget(run: EntityRun, perDay: number): Budgeted {
  const { scores, testFrom, stepMs, labels } = run
  const threshold = thresholdOf(run, perDay)
  const segments = segmentsOf(labels)
  const merge = Math.round(HOUR_MS / stepMs)
  const alerts = [...labels.keys()].filter((i) => scores[testFrom + i]! > threshold)
  const isWithin = (i: number) => segments.some(([start, end]) => i >= start && i <= end + GRACE_SAMPLES)
  let falseEpisodes = 0
  let last = -Infinity
  for (const i of alerts) {
    if (i - last > merge && !isWithin(i)) falseEpisodes++
    last = i
  }
  return {
    segments: segments.length,
    found: segments.filter(([start, end]) => alerts.some((i) => i >= start && i <= end + GRACE_SAMPLES)).length,
    falseEpisodes,
    days: (labels.length * stepMs) / DAY_MS,
  }
}
