import type { LabelSet, Metric, PromAnswer } from '@kubewise/metrics'
import type { Batches } from './batches.ts'
import type { NotTaken, SeriesIndex } from './series-index.ts'

/** What became of an answer's samples. Those dated outside of what was asked for are passed to nobody. */
export const SAMPLE_OUTCOMES = ['taken', 'not-finite', 'ahead', 'behind'] as const
export type SampleCounts = Record<(typeof SAMPLE_OUTCOMES)[number], number>

/** Where an answer's points go, and which of its series are ours: the others are another collector's. */
export interface Into {
  index: SeriesIndex
  batches: Batches
  isOurs: (metric: Metric, labels: LabelSet) => boolean
}

export interface Taken {
  samples: SampleCounts
  /** Series of the answer that were not taken, by why. */
  notTaken: Record<NotTaken, number>
}

/** Clocks of one cluster are closer than this; what differs more is dated by a clock that is off. */
export const CLOCK_TOLERANCE_MS = 5 * 60_000

/**
 * Puts an answer's points into batches. A point that is dated outside of the time that was asked about is left out: learnt, one
 * from tomorrow would silence its series for a day.
 *
 * @param asked the time that the answer is about, without tolerance
 */
export function takeInto(
  { index, batches, isOurs }: Into,
  metric: Metric,
  { series, droppedPoints, leftOutSeries }: PromAnswer,
  asked: { startMs: number; endMs: number },
  nowMs: number,
): Taken {
  const notTaken = { unowned: 0, 'left-out': leftOutSeries, nameless: 0 }
  const samples = { taken: 0, 'not-finite': droppedPoints, ahead: 0, behind: 0 }
  const [fromMs, untilMs] = [asked.startMs - CLOCK_TOLERANCE_MS, asked.endMs + CLOCK_TOLERANCE_MS]
  for (const { labels, timeMs, value } of series) {
    if (!isOurs(metric, labels)) continue
    const indexed = index.lookup(metric, labels, nowMs)
    if (typeof indexed === 'string') {
      notTaken[indexed] += 1
      continue
    }
    for (let i = 0; i < value.length; i++) {
      if (timeMs[i]! > untilMs) samples.ahead += 1
      else if (timeMs[i]! < fromMs) samples.behind += 1
      else {
        samples.taken += 1
        batches.add(indexed, timeMs[i]!, value[i]!, nowMs)
      }
    }
  }
  return { samples, notTaken }
}
