import { labelKey, METRIC_NAME, type Labels } from './labels.ts'
import { isMatch, type Matcher } from './matcher.ts'
import { Series } from './series.ts'

export interface Sample {
  labels: Labels
  value: number
}

/** Samples of one series within a window, oldest first. */
export interface Points {
  timesMs: number[]
  values: number[]
}

/** What the evaluator and the HTTP API read. */
export interface SeriesStore {
  /**
   * One scrape of everything. A series that the last scrape had and this one has not gets a staleness marker. Scrapes that
   * are not newer than the last are dropped, as Prometheus drops samples out of order.
   */
  scrape(atMs: number, samples: Iterable<Sample>): void
  /** The same without staleness markers: series that are not named have a gap, which lookback bridges. */
  append(atMs: number, samples: Iterable<Sample>): void
  select(matchers: readonly Matcher[]): Series[]
  /** Value at `atMs`, no older than `lookbackMs`; undefined when stale. */
  at(series: Series, atMs: number, lookbackMs: number): { timeMs: number; value: number } | undefined
  /** Samples from `fromMs` to `toMs`, both included. */
  between(series: Series, fromMs: number, toMs: number): Points
  hasSampleBetween(series: Series, fromMs: number, toMs: number): boolean
  counts(): { series: number; scrapes: number }
}

const PRUNE_EVERY_SCRAPES = 64

/** @param retentionMs how long samples are kept, in sample time */
export function createSeriesStore(retentionMs: number): SeriesStore {
  const byKey = new Map<string, Series>()
  const byName = new Map<string, Set<Series>>()
  /** Exporters hand out the same labels object again, which saves the key. */
  const byLabels = new WeakMap<Labels, Series>()
  const live = new Set<Series>()
  let timesMs: number[] = []
  let firstScrape = 0
  let nextScrape = 0

  function seriesOf(labels: Labels): Series {
    const known = byLabels.get(labels)
    if (known && byKey.has(labelKeyOf(known))) return known
    const key = labelKey(labels)
    const series = byKey.get(key) ?? addSeries(key, labels)
    byLabels.set(labels, series)
    return series
  }

  const keys = new WeakMap<Series, string>()
  const labelKeyOf = (series: Series) => keys.get(series) as string

  function addSeries(key: string, labels: Labels): Series {
    const series = new Series(labels)
    keys.set(series, key)
    byKey.set(key, series)
    const name = labels[METRIC_NAME] ?? ''
    const siblings = byName.get(name) ?? new Set()
    byName.set(name, siblings.add(series))
    return series
  }

  function write(atMs: number, samples: Iterable<Sample>, isStale: boolean): void {
    if (timesMs.length > 0 && atMs <= timesMs.at(-1)!) return
    const scrape = nextScrape++
    timesMs.push(atMs)
    for (const { labels, value } of samples) {
      const series = seriesOf(labels)
      if (series.seen === scrape) continue
      series.seen = scrape
      series.append(scrape, value)
      live.add(series)
    }
    for (const series of live) {
      if (series.seen === scrape) continue
      series.end(scrape, isStale)
      live.delete(series)
    }
    if (scrape % PRUNE_EVERY_SCRAPES === 0) prune(atMs - retentionMs)
  }

  function prune(beforeMs: number): void {
    const drop = countUpTo(beforeMs)
    if (drop === 0) return
    timesMs = timesMs.slice(drop)
    firstScrape += drop
    for (const [key, series] of byKey) if (!series.prune(firstScrape)) forget(key, series)
  }

  function forget(key: string, series: Series): void {
    byKey.delete(key)
    byName.get(series.labels[METRIC_NAME] ?? '')?.delete(series)
  }

  /** How many scrapes are not after `atMs`. */
  function countUpTo(atMs: number): number {
    let low = 0
    let high = timesMs.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (timesMs[middle]! <= atMs) low = middle + 1
      else high = middle
    }
    return low
  }

  const timeOf = (scrape: number) => timesMs[scrape - firstScrape]!
  const scrapeUpTo = (atMs: number) => firstScrape + countUpTo(atMs) - 1
  const scrapeFrom = (atMs: number) => firstScrape + countUpTo(atMs - 1)

  return {
    scrape: (atMs, samples) => write(atMs, samples, true),
    append: (atMs, samples) => write(atMs, samples, false),
    select(matchers) {
      const name = matchers.find((matcher) => matcher.label === METRIC_NAME && matcher.operator === '=')
      const candidates = name ? (byName.get(name.value) ?? []) : byKey.values()
      return Array.from(candidates).filter((series) => matchers.every((matcher) => isMatch(matcher, series.labels)))
    },
    at(series, atMs, lookbackMs) {
      const newest = scrapeUpTo(atMs)
      if (newest < firstScrape) return undefined
      const found = series.latest(newest)
      if (!found || found.scrape < firstScrape) return undefined
      const timeMs = timeOf(found.scrape)
      return timeMs > atMs - lookbackMs ? { timeMs, value: found.value } : undefined
    },
    between(series, fromMs, toMs) {
      const points: Points = { timesMs: [], values: [] }
      series.visit(scrapeFrom(fromMs), scrapeUpTo(toMs), (scrape, value) => {
        points.timesMs.push(timeOf(scrape))
        points.values.push(value)
      })
      return points
    },
    hasSampleBetween: (series, fromMs, toMs) => {
      const [from, to] = [scrapeFrom(fromMs), scrapeUpTo(toMs)]
      return from <= to && series.hasSampleBetween(from, to)
    },
    counts: () => ({ series: byKey.size, scrapes: timesMs.length }),
  }
}
