import { keyOf, type MetricSeries } from '@kubewise/contracts'
import { Growth, median, msUntil, trendOf, type GrowthForecast, type GrowthState, type Trend } from '@kubewise/stats'
import type { EpisodeRule } from '../episodes.ts'
import type { Finding } from '../finding.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

interface ForecastKind {
  rule: EpisodeRule
  limit: number
  /** How far ahead it is looked. */
  horizonMs: number
  /** How far ahead a growth of days is looked at; it is not looked for where this is left out. */
  slowHorizonMs?: number
  /** A smaller growth within the window is of no meaning, in the metric's unit. */
  minRise: number
  what: string
}

/** What fills slowly, in percent of its size: looked at six hours ahead, a day for a growth of days. */
const filling = (name: string, what: string): ForecastKind => ({
  rule: { name, version: 1, forMs: 0, clearMs: 30 * MINUTE },
  limit: 100,
  horizonMs: 6 * HOUR,
  slowHorizonMs: 24 * HOUR,
  minRise: 2,
  what,
})

/** Metrics that head for a limit at which something breaks. */
const KINDS: Readonly<Record<string, ForecastKind>> = {
  pod_memory_utilization_pct: {
    rule: { name: 'memory-forecast', version: 1, forMs: 0, clearMs: 10 * MINUTE },
    limit: 100,
    horizonMs: HOUR,
    minRise: 5,
    what: 'The memory in use will reach its limit',
  },
  volume_usage_pct: filling('volume-forecast', 'The volume will be full'),
  volume_inodes_used_pct: filling('inodes-forecast', 'The volume will have no inodes left'),
  node_disk_usage_pct: filling('disk-forecast', 'The disk of the node will be full'),
  node_file_handles_pct: filling('file-handles-forecast', 'The node will have no file handles left'),
  container_file_handles_pct: filling('file-handles-forecast', 'The container will have no file handles left'),
  quota_used_pct: filling('quota-forecast', 'The quota will be used up'),
}

/** Rules of what is known to have a limit. */
export const FORECAST_RULES: readonly string[] = [...new Set(Object.values(KINDS).map(({ rule }) => rule.name))]

/** A metric of an installation's own is looked ahead for where it says at which value something breaks. */
function kindOf({ metric, known }: MetricSeries): ForecastKind | undefined {
  const kind = Object.hasOwn(KINDS, metric) ? KINDS[metric] : undefined
  if (kind || known?.limit === undefined || known.limit <= 0) return kind
  const own = filling('limit-forecast', `${metric} will reach its limit`)
  return { ...own, limit: known.limit, minRise: (own.minRise / own.limit) * known.limit }
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
/** What was learnt of a series that is silent this long is forgotten; sooner where it is hardly anything. */
const FORGOTTEN_MS = 7 * DAY
const HARDLY_KNOWN_FORGOTTEN_MS = 6 * HOUR

interface Track {
  series: MetricSeries
  timeMs: number[]
  value: number[]
  /** The point being gathered. */
  startMs: number
  gathered: number[]
  finding?: Finding
  /** Its place among what grows over days. */
  slot?: number
  slow?: Finding
}

export type TrendsState = [key: string, Omit<Track, 'slot'> & { growth?: GrowthState }][]

/**
 * Says when a limit will be reached: from a robust line through the last half to one and a half hours, and for what fills over days from
 * the surest of three lines of three hours, half a day and two days.
 */
export class Trends {
  readonly #tracks = new Map<string, Track>()
  readonly #growth = new Growth(4)
  readonly #free: number[] = []

  static ruleOf(series: MetricSeries): EpisodeRule | undefined {
    return kindOf(series)?.rule
  }

  /** Learns one sample of a metric that has a rule. @returns what the points up to now foretell */
  observe(series: MetricSeries, timeMs: number, value: number): Finding | undefined {
    const kind = kindOf(series)
    if (!kind) return undefined
    let track = this.#tracks.get(series.key)
    if (!track) {
      track = { series, timeMs: [], value: [], startMs: timeMs, gathered: [] }
      this.#tracks.set(series.key, track)
    }
    if (timeMs - track.startMs >= POINT_MS) this.#close(track, kind, timeMs)
    track.gathered.push(value)
    if (kind.slowHorizonMs !== undefined) this.#learnSlow(track, kind, kind.slowHorizonMs, timeMs, value)
    const finding = track.finding ?? track.slow
    // What is as it was a day ago comes and goes with the day.
    if (!finding || track.slot === undefined) return finding
    const before = this.#growth.levelAt(track.slot, timeMs - DAY)
    return before === undefined || value - before >= kind.minRise ? finding : undefined
  }

  forget(entityKey: string): void {
    for (const [key, { series }] of this.#tracks) if (keyOf(series.entity) === entityKey) this.#drop(key)
  }

  forgetStale(nowMs: number): void {
    for (const [key, { startMs, timeMs }] of this.#tracks) {
      const patienceMs = timeMs.length < FEWEST_POINTS ? HARDLY_KNOWN_FORGOTTEN_MS : FORGOTTEN_MS
      if (nowMs - startMs > patienceMs) this.#drop(key)
    }
  }

  state(): TrendsState {
    return [...this.#tracks].map(([key, { slot, ...track }]) => [
      key,
      { ...track, ...(slot !== undefined && { growth: this.#growth.stateOf(slot) }) },
    ])
  }

  restore(state: TrendsState): void {
    this.#tracks.clear()
    for (const [key, { growth, ...track }] of state) {
      this.#tracks.set(key, track)
      if (!growth) continue
      const slot = this.#growth.add()
      this.#growth.restore(slot, growth)
      this.#tracks.set(key, { ...track, slot })
    }
  }

  #learnSlow(track: Track, kind: ForecastKind, horizonMs: number, timeMs: number, value: number): void {
    const slot = (track.slot ??= this.#free.pop() ?? this.#growth.add())
    if (!this.#growth.learn(slot, timeMs, value)) return
    const forecast = this.#growth.forecast(slot, kind.limit, horizonMs)
    if (forecast && forecast.trend.slopePerMs * forecast.trend.spanMs >= kind.minRise)
      track.slow = foretold(track.series, kind, forecast, forecast.trend.level, {
        timeMs: [...track.timeMs],
        value: [...track.value],
      })
    else delete track.slow
  }

  #drop(key: string): void {
    const slot = this.#tracks.get(key)?.slot
    this.#tracks.delete(key)
    if (slot === undefined) return
    this.#growth.reset(slot)
    this.#free.push(slot)
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

/** From all points, or from the later half of them alone: what was flat for long may fill fast. */
function foretell({ series, timeMs, value }: Track, kind: ForecastKind): Finding | undefined {
  const late = Math.max(0, timeMs.length - Math.ceil(MAX_POINTS / 2))
  return lineThrough(series, timeMs, value, kind) ?? lineThrough(series, timeMs.slice(late), value.slice(late), kind)
}

function lineThrough(
  series: MetricSeries,
  timeMs: readonly number[],
  value: readonly number[],
  kind: ForecastKind,
): Finding | undefined {
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
  const at = (slopePerMs: number) => msUntil({ ...lately, slopePerMs }, kind.limit)
  const earliestMs = Math.min(leftMs, at(Math.max(whole.highSlopePerMs, lately.slopePerMs)) ?? leftMs)
  const latestMs = at(Math.min(whole.lowSlopePerMs, lately.slopePerMs)) ?? Infinity
  const window = { timeMs: [...timeMs], value: [...value] }
  return foretold(series, kind, { leftMs, earliestMs, latestMs, trend: whole }, value[0]!, window)
}

function foretold(
  series: MetricSeries,
  kind: ForecastKind,
  { leftMs, earliestMs, latestMs, trend }: Omit<GrowthForecast, 'scaleMs'>,
  expected: number,
  window: { timeMs: number[]; value: number[] },
): Finding {
  const isBounded = Number.isFinite(latestMs)
  return {
    severity: 'warning',
    say: `${kind.what} in about ${minutes(leftMs)} minutes (${minutes(earliestMs)} at the earliest${isBounded ? `, ${minutes(latestMs)} at the latest` : ''}).`,
    features: {
      metric: series.metric,
      secondsLeft: Math.round(leftMs / 1000),
      earliestSeconds: Math.round(earliestMs / 1000),
      ...(isBounded && { latestSeconds: Math.round(latestMs / 1000) }),
      slopePerHour: Math.round(trend.slopePerMs * HOUR * 100) / 100,
      level: Math.round(trend.level * 10) / 10,
    },
    score: 8,
    confidence: 0.8,
    metric: {
      name: series.metric,
      value: trend.level,
      expected,
      low: 0,
      high: kind.limit,
      intervalMs: series.intervalMs,
    },
    window,
  }
}

const minutes = (ms: number): number => Math.max(1, Math.round(ms / MINUTE))

function isGrowth({ slopePerMs, spanMs, noise, tau }: Trend, { minRise }: ForecastKind): boolean {
  const rise = slopePerMs * spanMs
  return tau >= MIN_TAU && rise >= minRise && rise >= MIN_RISE_NOISES * noise
}
