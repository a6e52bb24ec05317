import { keyOf, type MetricSeries } from '@kubewise/contracts'
import { median, msUntil, trendOf, type Trend } from '@kubewise/stats'
import type { EpisodeRule } from '../episodes.ts'
import type { Finding } from '../finding.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

interface ForecastKind {
  rule: EpisodeRule
  limit: number
  /** How far ahead it is looked. */
  horizonMs: number
  /** A smaller growth within the window is of no meaning, in the metric's unit. */
  minRise: number
  what: string
}

/** Metrics that head for a limit at which something breaks. */
const KINDS: Readonly<Record<string, ForecastKind>> = {
  pod_memory_utilization_pct: {
    rule: { name: 'memory-forecast', version: 1, forMs: 0, clearMs: 10 * MINUTE },
    limit: 100,
    horizonMs: HOUR,
    minRise: 5,
    what: 'The memory in use will reach its limit',
  },
  volume_usage_pct: {
    rule: { name: 'volume-forecast', version: 1, forMs: 0, clearMs: 30 * MINUTE },
    limit: 100,
    horizonMs: 6 * HOUR,
    minRise: 2,
    what: 'The volume will be full',
  },
}

/** One point is the median of this long. */
const POINT_MS = 2 * MINUTE
const MAX_POINTS = 45
/** Nothing is forecast from less than half an hour. */
const FEWEST_POINTS = 15
/** A point this much lower begins anew: a container was restarted, a volume was cleaned. */
const DROP_SHARE = 0.7
/** Later points are higher nearly always … */
const MIN_TAU = 0.8
/** … and the whole rise stands out of the noise. */
const MIN_RISE_NOISES = 5
/** The second half of the window grows at this share of the first one's pace, at least. */
const MIN_PACE = 0.6
/** What was learnt of a series that is silent this long is forgotten. */
const FORGOTTEN_MS = HOUR

interface Track {
  series: MetricSeries
  timeMs: number[]
  value: number[]
  /** The point being gathered. */
  startMs: number
  gathered: number[]
  finding?: Finding
}

export type TrendsState = [key: string, Track][]

/** Says when a limit will be reached, from a robust line through the last half to one and a half hours. */
export class Trends {
  readonly #tracks = new Map<string, Track>()

  static ruleOf(metric: string): EpisodeRule | undefined {
    return KINDS[metric]?.rule
  }

  /** Learns one sample of a metric that has a rule. @returns what the points up to now foretell */
  observe(series: MetricSeries, timeMs: number, value: number): Finding | undefined {
    const kind = KINDS[series.metric]
    if (!kind) return undefined
    let track = this.#tracks.get(series.key)
    if (!track) {
      track = { series, timeMs: [], value: [], startMs: timeMs, gathered: [] }
      this.#tracks.set(series.key, track)
    }
    if (timeMs - track.startMs >= POINT_MS) this.#close(track, kind, timeMs)
    track.gathered.push(value)
    return track.finding
  }

  forget(entityKey: string): void {
    for (const [key, { series }] of this.#tracks) if (keyOf(series.entity) === entityKey) this.#tracks.delete(key)
  }

  forgetStale(nowMs: number): void {
    for (const [key, { startMs }] of this.#tracks) if (nowMs - startMs > FORGOTTEN_MS) this.#tracks.delete(key)
  }

  state(): TrendsState {
    return [...this.#tracks]
  }

  restore(state: TrendsState): void {
    this.#tracks.clear()
    for (const [key, track] of state) this.#tracks.set(key, track)
  }

  #close(track: Track, kind: ForecastKind, nextMs: number): void {
    const point = median(track.gathered)
    const last = track.value.at(-1)
    if (last !== undefined && point < DROP_SHARE * last) {
      track.timeMs = []
      track.value = []
    }
    track.timeMs = [...track.timeMs, track.startMs].slice(-MAX_POINTS)
    track.value = [...track.value, point].slice(-MAX_POINTS)
    track.startMs = nextMs
    track.gathered = []
    const finding = foretell(track, kind)
    if (finding) track.finding = finding
    else delete track.finding
  }
}

function foretell({ series, timeMs, value }: Track, kind: ForecastKind): Finding | undefined {
  if (timeMs.length < FEWEST_POINTS) return undefined
  const whole = trendOf(timeMs, value)
  const half = timeMs.length >> 1
  const before = trendOf(timeMs.slice(0, half), value.slice(0, half))
  const lately = trendOf(timeMs.slice(half), value.slice(half))
  if (!whole || !before || !lately || !isGrowth(whole, kind)) return undefined
  // A cache that fills grows ever more slowly.
  const isSlowing = lately.slopePerMs < MIN_PACE * before.slopePerMs
  const leftMs = msUntil({ ...lately, slopePerMs: Math.min(whole.slopePerMs, lately.slopePerMs) }, kind.limit)
  if (isSlowing || leftMs === undefined || leftMs > kind.horizonMs) return undefined
  const secondsLeft = Math.round(leftMs / 1000)
  const slopePerHour = Math.round(whole.slopePerMs * HOUR * 100) / 100
  return {
    severity: 'warning',
    say: `${kind.what} in about ${Math.max(1, Math.round(leftMs / MINUTE))} minutes.`,
    features: { metric: series.metric, secondsLeft, slopePerHour, level: Math.round(whole.level * 10) / 10 },
    score: 8,
    confidence: 0.8,
    metric: {
      name: series.metric,
      value: whole.level,
      expected: value[0]!,
      low: 0,
      high: kind.limit,
      intervalMs: series.intervalMs,
    },
    window: { timeMs: [...timeMs], value: [...value] },
  }
}

function isGrowth({ slopePerMs, spanMs, noise, tau }: Trend, { minRise }: ForecastKind): boolean {
  const rise = slopePerMs * spanMs
  return tau >= MIN_TAU && rise >= minRise && rise >= MIN_RISE_NOISES * noise
}
