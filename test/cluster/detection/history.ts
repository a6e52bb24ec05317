/** A series as Prometheus holds it, for a few seconds so far. */
export interface RawSeries {
  metric: Record<string, string>
  values: [seconds: number, value: string][]
}

/** How it was before: a factor on what a gauge shows now, by how many minutes ago; 1 where it says nothing. */
export type Past = (metric: Readonly<Record<string, string>>, minutesAgo: number) => number | undefined

const MINUTE = 60
/** Enough for what is judged by itself only after 240 samples of 15 or of 30 s. */
const HISTORY_SECONDS = 4 * 60 * MINUTE
/** The last two hours are asked for at a metric's own interval. */
const FINE_SECONDS = 130 * MINUTE
const FINE_STEP = 15
const COARSE_STEP = 30
const COUNTER = /_(total|bucket|count|sum)$/
/** Levels that wander a little by themselves; what Kubernetes says of its objects does not. */
const WANDERS = /^container_/
const WANDER_SHARE = 0.03

/** From -1 to 1, the same for the same number. */
const noise = (seed: number): number => {
  const x = Math.sin(seed * 12.9898) * 43_758.5453
  return 2 * (x - Math.floor(x)) - 1
}

/**
 * A past for series, in OpenMetrics: gauges have been about what they are, counters have grown at their pace so far. It ends right before
 * their first sample, and has the same labels: to whoever asks it is one series.
 */
export function historyOf(series: readonly RawSeries[], past: Past): string {
  return `${series.flatMap((one, i) => linesOf(one, i, past)).join('\n')}\n# EOF\n`
}

function linesOf({ metric, values }: RawSeries, index: number, past: Past): string[] {
  const { __name__: name = '', ...labels } = metric
  const written = `${name}{${Object.entries(labels)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join(',')}}`
  const [[firstSeconds, first], [lastSeconds, last]] = [values[0]!, values.at(-1)!]
  const isCounter = COUNTER.test(name)
  const pace = (Number(last) - Number(first)) / Math.max(1, lastSeconds - firstSeconds)
  let count = 0
  return timesBefore(firstSeconds).map(({ atSeconds, stepSeconds }) => {
    // Of one instant all counters have the same noise: a histogram's buckets stay in their order.
    if (isCounter) count += Math.max(0, pace) * stepSeconds * (1 + WANDER_SHARE * noise(atSeconds))
    const factor = past(metric, (firstSeconds - atSeconds) / MINUTE) ?? 1
    const wander = WANDERS.test(name) ? 1 + WANDER_SHARE * noise(atSeconds + index) : 1
    return `${written} ${isCounter ? count : Number(last) * factor * wander} ${atSeconds}`
  })
}

function timesBefore(endSeconds: number): { atSeconds: number; stepSeconds: number }[] {
  const end = Math.floor(endSeconds) - 5
  const times: { atSeconds: number; stepSeconds: number }[] = []
  for (let ago = HISTORY_SECONDS; ago > 0;) {
    const stepSeconds = ago > FINE_SECONDS ? COARSE_STEP : FINE_STEP
    times.push({ atSeconds: end - ago, stepSeconds })
    ago -= stepSeconds
  }
  return times
}
