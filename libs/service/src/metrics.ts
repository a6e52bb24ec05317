import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

export type MetricName = `kubewise_${string}`

/**
 * Labels of a metric with the values each can have. Where all are listed, every combination is there from the start, at
 * zero, so that a rate over it has a beginning. An empty list means open: never put there what grows with the cluster's
 * size or history (pod names, ids, error texts).
 */
export type Labels<L extends string> = Readonly<Record<L, readonly string[]>>

/** The figures of one app, in a registry of its own. Asking for a metric again gives the one that is there. */
export interface Metrics {
  readonly registry: Registry
  counter<L extends string = never>(name: MetricName, help: string, labels?: Labels<L>): Counter<L>
  gauge<L extends string = never>(name: MetricName, help: string, labels?: Labels<L>): Gauge<L>
  /** A gauge without labels, read when it is scraped. */
  sampled(name: MetricName, help: string, read: () => number): void
  /** @param buckets upper bounds in the metric's unit, ascending */
  histogram<L extends string = never>(
    name: MetricName,
    help: string,
    buckets: readonly number[],
    labels?: Labels<L>,
  ): Histogram<L>
}

/** Buckets in seconds for remote calls and pipeline stages. */
export const SECONDS_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** Every combination of the listed values; none when a label is open. */
function combinations<L extends string>(labels: Labels<L>): Record<L, string>[] {
  const entries = Object.entries(labels) as [L, readonly string[]][]
  return entries.reduce<Record<L, string>[]>(
    (rows, [label, values]) => rows.flatMap((row) => values.map((value) => ({ ...row, [label]: value }))),
    [{} as Record<L, string>],
  )
}

const namesOf = <L extends string>(labels: Labels<L>) => Object.keys(labels) as L[]

/**
 * @param options.hasProcessMetrics also the process's own CPU, memory, event loop and garbage collection: once a process
 */
export function createMetrics(
  service: string,
  version: string,
  options: { hasProcessMetrics?: boolean } = {},
): Metrics {
  const registry = new Registry()
  if (options.hasProcessMetrics) collectDefaultMetrics({ register: registry })

  const existing = <M>(name: string, kind: new (...args: never[]) => M): M | undefined => {
    const metric: unknown = registry.getSingleMetric(name)
    if (metric === undefined) return undefined
    if (metric instanceof kind) return metric
    throw new TypeError(`${name}: already registered as another kind of metric, expected ${kind.name}`)
  }
  const create = <M, L extends string>(
    kind: new (configuration: never) => M,
    configuration: object,
    labels: Labels<L>,
    toZero: (metric: M, row: Record<L, string>) => void,
  ): M => {
    const metric = new kind({ ...configuration, labelNames: namesOf(labels), registers: [registry] } as never)
    if (namesOf(labels).length > 0) for (const row of combinations(labels)) toZero(metric, row)
    return metric
  }

  const metrics: Metrics = {
    registry,
    counter: <L extends string>(name: MetricName, help: string, labels = {} as Labels<L>) =>
      existing(name, Counter<L>) ?? create(Counter<L>, { name, help }, labels, (counter, row) => counter.inc(row, 0)),
    gauge: <L extends string>(name: MetricName, help: string, labels = {} as Labels<L>) =>
      existing(name, Gauge<L>) ?? create(Gauge<L>, { name, help }, labels, (gauge, row) => gauge.set(row, 0)),
    histogram: <L extends string>(
      name: MetricName,
      help: string,
      buckets: readonly number[],
      labels = {} as Labels<L>,
    ) =>
      existing(name, Histogram<L>) ??
      create(Histogram<L>, { name, help, buckets: [...buckets] }, labels, (histogram, row) => histogram.zero(row)),
    sampled(name, help, read) {
      if (existing(name, Gauge)) registry.removeSingleMetric(name)
      const gauge: Gauge = new Gauge({ name, help, registers: [registry], collect: () => gauge.set(read()) })
    },
  }
  metrics
    .gauge('kubewise_build_info', 'Always 1; what runs, by its labels.', { service: [], version: [], node: [] })
    .set({ service, version, node: process.versions.node }, 1)
  return metrics
}
