/**
 * Nezha (IntelligentDDS/Nezha, MIT): the pods of Online Boutique on Kubernetes, about 19 metrics each, one sample a minute, with
 * faults injected one after the other. Read from a folder with one folder for each day: `POD_metric.csv.gz`, `faults.json`, and
 * the latencies of the calls between services as the callers measured them (`source_50.csv.gz`).
 *
 * Each recording begins with its faults and goes on quietly for hours. A detector has to know what is usual first, so a day is
 * played quiet part first; its faults follow as if they began one step later.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readCsvTable, type CsvTable } from './csv-table.ts'

/** After the last fault's injection, the time that it may still last and be recovered from; faults follow each other in 8 minutes. */
const LAST_FAULT_MS = 10 * 60_000
const METRIC_FILE = /^(.+)_metric\.csv\.gz$/
const CALLS_FILE = 'source_50.csv.gz'
const TIME = 'unix_seconds'
const RESOURCE_FAULT = /^cpu_/

export interface NezhaFault {
  /** When it was injected, in played time. */
  timeMs: number
  pod: string
  type: string
  /** Of CPU; the others are delays of the network, which show in latencies only, and faults of the code. */
  isResource: boolean
}

export interface NezhaPod {
  pod: string
  /** Pod name without the two hashes. */
  workload: string
  metrics: string[]
  /** One per sample of the day, in the order of `timesMs`: metrics.length values each, NaN where the recording has none. */
  values: Float64Array
}

export interface NezhaDay {
  day: string
  stepMs: number
  /** Played time: ascending, without a gap where the faults begin. */
  timesMs: Float64Array
  /** Samples before this index are without a fault. */
  faultsFrom: number
  pods: NezhaPod[]
  faults: NezhaFault[]
}

/** One sample of one pod. */
export interface NezhaSample {
  /** Index in `pods`. */
  pod: number
  timeMs: number
  isQuiet: boolean
  /** Reused by the next sample. NaN where there is none. */
  values: Float64Array
}

const workloadOf = (pod: string): string => pod.replace(/-[^-]+-[^-]+$/, '')

/** Samples are joined by time to within half a step: a table may be a second off another. */
function rowsAt(table: CsvTable, times: Float64Array, stepSeconds: number): Int32Array {
  const rows = new Int32Array(times.length).fill(-1)
  const width = table.columns.length
  let row = 0
  for (const [i, time] of times.entries()) {
    while (row < table.rows && table.values[row * width]! < time - stepSeconds / 2) row++
    if (row < table.rows && table.values[row * width]! < time + stepSeconds / 2) rows[i] = row
  }
  return rows
}

interface Columns {
  names: string[]
  /** One array per name, as long as the day. */
  series: Float64Array[]
}

function columnsOf(
  table: CsvTable,
  times: Float64Array,
  stepSeconds: number,
  wanted: (name: string) => boolean,
): Columns {
  const rows = rowsAt(table, times, stepSeconds)
  const width = table.columns.length
  const columns = table.columns.flatMap((name, at) => (name !== TIME && wanted(name) ? [{ name, at }] : []))
  return {
    names: columns.map(({ name }) => name),
    series: columns.map(({ at }) =>
      Float64Array.from(rows, (row) => (row < 0 ? Number.NaN : table.values[row * width + at]!)),
    ),
  }
}

function readDay(folder: string, day: string, withCalls: boolean): NezhaDay {
  const at = (name: string) => join(folder, day, name)
  const calls = withCalls && existsSync(at(CALLS_FILE)) ? readCsvTable(at(CALLS_FILE)) : undefined
  const recorded = JSON.parse(readFileSync(at('faults.json'), 'utf8')) as { t: number; pod: string; type: string }[]
  const tables = readdirSync(join(folder, day))
    .toSorted()
    .flatMap((file) => {
      const pod = METRIC_FILE.exec(file)?.[1]
      return pod ? [{ pod, table: readCsvTable(at(file)) }] : []
    })
  const longest = tables.reduce<CsvTable | undefined>(
    (most, { table }) => (table.rows > (most?.rows ?? 0) ? table : most),
    undefined,
  )
  if (!longest) throw new Error(`${join(folder, day)}: expected files POD_metric.csv.gz, found none`)
  const times = Float64Array.from({ length: longest.rows }, (_, row) => longest.values[row * longest.columns.length]!)
  const stepSeconds = Math.round((times.at(-1)! - times[0]!) / (times.length - 1))

  const quietFrom = Math.max(...recorded.map(({ t }) => t)) + LAST_FAULT_MS / 1000
  const faulty = times.findIndex((time) => time > quietFrom)
  if (faulty < 0) throw new Error(`${join(folder, day)}: expected a part without faults after the last one`)
  const order = [...times.keys()].map((i) => (i + faulty) % times.length)
  const faultsFrom = times.length - faulty
  const laterSeconds = times.at(-1)! + stepSeconds - times[0]!

  return {
    day,
    stepMs: stepSeconds * 1000,
    timesMs: Float64Array.from(order, (i) => (times[i]! + (i < faulty ? laterSeconds : 0)) * 1000),
    faultsFrom,
    pods: tables.map(({ pod, table }) => {
      const workload = workloadOf(pod)
      const parts = [
        columnsOf(table, times, stepSeconds, () => true),
        ...(calls ? [columnsOf(calls, times, stepSeconds, (n) => n.endsWith(`_${workload}`))] : []),
      ]
      const series = parts.flatMap((part) => part.series)
      const values = new Float64Array(times.length * series.length)
      for (const [row, i] of order.entries())
        for (const [j, one] of series.entries()) values[row * series.length + j] = one[i]!
      return { pod, workload, metrics: parts.flatMap((part) => part.names), values }
    }),
    faults: recorded.map(({ t, pod, type }) => ({
      timeMs: (t + laterSeconds) * 1000,
      pod,
      type,
      isResource: RESOURCE_FAULT.test(type),
    })),
  }
}

/**
 * The days of a folder, in order.
 *
 * @param options.withCalls adds to a pod's metrics the latencies of the calls that it takes, each named CALLER_WORKLOAD. As its callers
 *   measured them: a slow network shows there and not in what the pod itself sees
 * @throws Error if a day has no metrics, no quiet part, or a file is broken
 */
export function readNezha(folder: string, options: { withCalls?: boolean } = {}): NezhaDay[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, 'faults.json')))
    .map((entry) => entry.name)
    .toSorted()
    .map((day) => readDay(folder, day, options.withCalls ?? false))
}

/** A day's samples in played order, all pods at a time before the next time. The object is reused. */
export function* samplesOf(day: NezhaDay): Generator<NezhaSample> {
  const sample: NezhaSample = { pod: 0, timeMs: 0, isQuiet: true, values: new Float64Array() }
  for (const [row, timeMs] of day.timesMs.entries()) {
    sample.timeMs = timeMs
    sample.isQuiet = row < day.faultsFrom
    for (const [pod, { metrics, values }] of day.pods.entries()) {
      sample.pod = pod
      sample.values = values.subarray(row * metrics.length, (row + 1) * metrics.length)
      yield sample
    }
  }
}
