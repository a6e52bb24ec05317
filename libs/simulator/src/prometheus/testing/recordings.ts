import { seededRandom } from '../../objects/random.ts'
import { formatValue } from '../promql/number-text.ts'
import { METRIC_NAME, metric, type Labels } from '../series/labels.ts'
import type { Sample } from '../series/series-store.ts'

export const START_MS = Date.UTC(2024, 2, 4, 9, 30)
export const SCRAPES = 240
export const STEP_MS = 5000

export interface Recording {
  atMs: number
  samples: Sample[]
}

/** One evolving series: counters with resets, gauges, constants, series that come late, go early or have gaps. */
interface Source {
  labels: Labels
  next: (random: () => number, scrape: number) => number | undefined
}

function counter(labels: Labels, from = 0, to = SCRAPES, gapShare = 0): Source {
  let value = Math.floor(Math.abs(labels[METRIC_NAME]!.length * 3))
  return {
    labels,
    next(random, scrape) {
      value = random() < 0.02 ? 0 : value + Math.floor(random() * 7) / 4
      return scrape < from || scrape >= to || random() < gapShare ? undefined : value
    },
  }
}

const gauge = (labels: Labels): Source => ({ labels, next: (random) => Math.round(random() * 400) / 8 - 10 })
const constant = (labels: Labels, value: number): Source => ({ labels, next: () => value })

function sources(): Source[] {
  const list: Source[] = []
  for (const pod of ['web-1', 'web-2', 'db-0'])
    for (const container of ['app', 'sidecar', '']) {
      list.push(counter(metric('cpu_seconds_total', { namespace: 'shop', pod, container }), 0, SCRAPES, 0.1))
      list.push(gauge(metric('memory_bytes', { namespace: 'shop', pod, container })))
    }
  list.push(counter(metric('cpu_seconds_total', { namespace: 'late', pod: 'new', container: 'app' }), 150, SCRAPES))
  list.push(counter(metric('cpu_seconds_total', { namespace: 'gone', pod: 'old', container: 'app' }), 0, 90))
  for (const pod of ['web-1', 'web-2'])
    list.push(constant(metric('limit', { namespace: 'shop', pod, resource: 'cpu' }), 0.25))
  for (const node of ['a', 'b'])
    for (const cpu of ['0', '1']) list.push(counter(metric('node_cpu_total', { instance: node, cpu, mode: 'idle' })))
  for (const node of ['a', 'b']) list.push(gauge(metric('node_load', { instance: node, job: 'node' })))
  for (const [index, le] of ['0.1', '0.5', '1', '+Inf'].entries())
    list.push(constant(metric('latency_bucket', { le, path: '/' }), (index + 1) * 10))
  list.push(
    constant(metric('huge'), 1e22),
    constant(metric('tiny'), 1.5e-9),
    constant(metric('infinite'), Number.POSITIVE_INFINITY),
  )
  return list
}

/** Series of every shape, scraped every 5 s with some jitter. */
export function recordings(): Recording[] {
  const random = seededRandom(7)
  const all = sources()
  return Array.from({ length: SCRAPES }, (_, scrape) => ({
    atMs: START_MS + scrape * STEP_MS + Math.floor(random() * 400),
    samples: all.flatMap(({ labels, next }) => {
      const value = next(random, scrape)
      return value === undefined ? [] : [{ labels, value }]
    }),
  }))
}

/** The text that `promtool tsdb create-blocks-from openmetrics` reads. */
export function openMetrics(scrapes: Recording[]): string {
  const bySeries = new Map<string, string[]>()
  for (const { atMs, samples } of scrapes)
    for (const { labels, value } of samples) {
      const pairs = Object.entries(labels).filter(([name]) => name !== METRIC_NAME)
      const series = `${labels[METRIC_NAME]}{${pairs.map(([name, text]) => `${name}="${text}"`).join(',')}}`
      const lines = bySeries.get(series) ?? []
      lines.push(`${series} ${formatValue(value)} ${(atMs / 1000).toFixed(3)}`)
      bySeries.set(series, lines)
    }
  return `${[...bySeries.values()].flat().join('\n')}\n# EOF\n`
}
