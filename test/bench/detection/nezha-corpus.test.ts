import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { temporaryFolder } from '@kubewise/testkit'
import { parseCsvTable } from './csv-table.ts'
import { readNezha, samplesOf } from './nezha-corpus.ts'

const START = 1_660_000_000
const MINUTES = 30

/** A day of two pods and one fault in its fifth minute; `cpu` is the minute itself, one sample of `b` is missing. */
function writeDay(folder: string): void {
  const day = join(folder, '2022-01-01')
  mkdirSync(day)
  const minutes = Array.from({ length: MINUTES }, (_, i) => i)
  const write = (name: string, head: string, cells: (minute: number) => string, offset = 0) =>
    writeFileSync(
      join(day, name),
      gzipSync(`${[head, ...minutes.map((m) => `${START + 60 * m + offset},${cells(m)}`)].join('\n')}\n`),
    )
  write('a-svc-5f6585d649-fnmft_metric.csv.gz', 'unix_seconds,cpu,memory', (m) => `${m},5`)
  write('b-578fcf4766-9csqn_metric.csv.gz', 'unix_seconds,cpu,memory', (m) => (m === 7 ? ',6' : `${100 + m},6`))
  write('source_50.csv.gz', 'unix_seconds,a-svc_b,b_c', (m) => `${200 + m},${300 + m}`, 1)
  writeFileSync(
    join(day, 'faults.json'),
    JSON.stringify([{ t: START + 300, pod: 'b-578fcf4766-9csqn', type: 'cpu_contention' }]),
  )
}

describe('the Nezha corpus', () => {
  it('plays the quiet part first, the faults right after it, without a gap', async () => {
    await using folder = await temporaryFolder()
    writeDay(folder.path)
    const [day] = readNezha(folder.path)
    assert.ok(day)
    assert.equal(day.faultsFrom, MINUTES - 16)
    const steps = [...day.timesMs].slice(1).map((time, i) => time - day.timesMs[i]!)
    assert.ok(steps.every((step) => step === 60_000))
    assert.deepEqual(day.faults, [
      {
        timeMs: (START + 300 + MINUTES * 60) * 1000,
        pod: 'b-578fcf4766-9csqn',
        type: 'cpu_contention',
        isResource: true,
      },
    ])
    const played = Array.from(samplesOf(day), ({ pod, isQuiet, timeMs, values }) => ({
      pod,
      isQuiet,
      timeMs,
      cpu: values[0],
    }))
    assert.equal(played.length, 2 * MINUTES)
    assert.deepEqual(played[0], { pod: 0, isQuiet: true, timeMs: (START + 16 * 60) * 1000, cpu: 16 })
    assert.deepEqual(played.at(-1), {
      pod: 1,
      isQuiet: false,
      timeMs: (START + (MINUTES + 15) * 60) * 1000,
      cpu: 115,
    })
    assert.equal(played.filter(({ cpu }) => Number.isNaN(cpu)).length, 1)
  })

  it('adds the latencies of the calls that a pod takes, as its callers measured them, when asked', async () => {
    await using folder = await temporaryFolder()
    writeDay(folder.path)
    const [day] = readNezha(folder.path, { withCalls: true })
    assert.deepEqual(
      day?.pods.map(({ workload, metrics }) => [workload, ...metrics]),
      [
        ['a-svc', 'cpu', 'memory'],
        ['b', 'cpu', 'memory', 'a-svc_b'],
      ],
    )
    const last = day?.pods[1]?.values.slice(-3)
    assert.deepEqual([...(last ?? [])], [115, 6, 215])
  })
})

describe('a table of numbers', () => {
  it('keeps an empty cell as NaN and says where it is broken', () => {
    assert.deepEqual(parseCsvTable('a,b\n1,\n', 'x').values, Float64Array.of(1, Number.NaN))
    assert.throws(() => parseCsvTable('a,b\n1\n', 'x.csv'), /x\.csv, line 2: expected 2 cells, got 1/)
    assert.throws(() => parseCsvTable('a,b\n1,?\n', 'x.csv'), /x\.csv, line 2, b: expected a number, got '\?'/)
  })
})
