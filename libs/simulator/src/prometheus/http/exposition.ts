import { METRIC_NAME, type Labels } from '../series/labels.ts'
import type { Sample } from '../series/series-store.ts'
import { formatValue } from '../promql/number-text.ts'

export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/**
 * Samples in Prometheus's text format, version 0.0.4, so that a real Prometheus can scrape them: one line each, no
 * timestamps, the lines of one metric together. Types are not told: they are a matter of display only.
 */
export function expose(samples: Iterable<Sample>): string {
  const families = Map.groupBy(samples, ({ labels }) => labels[METRIC_NAME] ?? '')
  families.delete('')
  return Array.from(families, ([name, members]) => members.map((sample) => lineOf(name, sample)).join('')).join('')
}

const lineOf = (name: string, { labels, value }: Sample) => `${name}${bracesOf(labels)} ${formatValue(value)}\n`

function bracesOf(labels: Labels): string {
  const pairs = Object.entries(labels).flatMap(([name, value]) =>
    name === METRIC_NAME ? [] : [`${name}="${escaped(value)}"`],
  )
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

const escaped = (value: string) => value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
