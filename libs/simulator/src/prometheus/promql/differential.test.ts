import assert from 'node:assert/strict'
import { skipWithout, findPrometheus } from '@kubewise/testkit'
import { startPrometheus, type RealPrometheus } from '../testing/real-prometheus.ts'
import { openMetrics, recordings, SCRAPES, START_MS, STEP_MS } from '../testing/recordings.ts'
import { QUERIES, WRONG_QUERIES } from '../testing/queries.ts'
import { labelKey } from '../series/labels.ts'
import { createSeriesStore, type SeriesStore } from '../series/series-store.ts'
import { PromqlError } from './error.ts'
import { evaluateAt } from './evaluate.ts'
import { formatValue } from './number-text.ts'
import { parsePromql } from './parse.ts'
import type { Value } from './value.ts'

const HOUR_MS = 3_600_000

interface Answer {
  status: string
  errorType?: string
  data?: { resultType: string; result: unknown }
}

type Row = { labels: Record<string, string>; value: string }

describe('PromQL against a real Prometheus', () => {
  const programs = skipWithout(findPrometheus(), 'prometheus and promtool are not installed')
  let real: RealPrometheus | undefined
  let store: SeriesStore

  before(async function () {
    this.timeout(60_000)
    const scrapes = recordings()
    store = createSeriesStore(24 * HOUR_MS)
    for (const { atMs, samples } of scrapes) store.append(atMs, samples)
    real = await startPrometheus(programs, openMetrics(scrapes))
  })

  after(() => real?.[Symbol.asyncDispose]())

  async function ask(query: string, atMs: number): Promise<Answer> {
    const body = new URLSearchParams({ query, time: String(atMs / 1000) })
    const response = await fetch(`${real?.url}/api/v1/query`, { method: 'POST', body })
    return (await response.json()) as Answer
  }

  const instants = [33_000, 95_000, 455_001, 700_000, SCRAPES * STEP_MS - 3000, SCRAPES * STEP_MS + 200_123]

  for (const query of QUERIES)
    it(query, async () => {
      for (const offsetMs of instants) {
        const expected = await ask(query, START_MS + offsetMs)
        assert.equal(expected.status, 'success', JSON.stringify(expected))
        assertSame(
          evaluateAt(store, parsePromql(query), START_MS + offsetMs),
          expected,
          query,
          `${query} at +${offsetMs} ms`,
        )
      }
    })

  for (const query of WRONG_QUERIES)
    it(`refuses ${query === '' ? 'an empty query' : query}`, async () => {
      const atMs = START_MS + 455_001
      const expected = await ask(query, atMs)
      assert.equal(expected.status, 'error', JSON.stringify(expected))
      assert.throws(
        () => evaluateAt(store, parsePromql(query), atMs),
        (error) => error instanceof PromqlError && error.kind === expected.errorType,
        JSON.stringify(expected),
      )
    })
})

function assertSame(actual: Value, expected: Answer, query: string, say: string): void {
  const { resultType, result } = expected.data as { resultType: string; result: unknown }
  assert.equal(actual.type, resultType, say)
  if (actual.type === 'vector') {
    const isOrdered = /^(sort|topk)/.test(query)
    const ours = actual.samples.map(({ labels, value }) => ({ labels: { ...labels }, value: formatValue(value) }))
    const theirs = (result as { metric: Record<string, string>; value: [number, string] }[]).map((row) => ({
      labels: row.metric,
      value: row.value[1],
    }))
    assertRows(isOrdered ? ours : sorted(ours), isOrdered ? theirs : sorted(theirs), say)
  } else if (actual.type === 'scalar' || actual.type === 'string') {
    assertClose(
      actual.type === 'scalar' ? formatValue(actual.value) : actual.value,
      (result as [number, string])[1],
      say,
    )
  }
}

const identity = ({ labels }: Row) => labelKey(labels)
const sorted = (rows: Row[]) => rows.toSorted((a, b) => (identity(a) < identity(b) ? -1 : 1))

function assertRows(ours: Row[], theirs: Row[], say: string): void {
  assert.deepEqual(ours.map(identity), theirs.map(identity), say)
  ours.forEach((row, index) => assertClose(row.value, theirs[index]!.value, `${say} ${identity(row)}`))
}

function assertClose(ours: string, theirs: string, say: string): void {
  if (ours === theirs) return
  const [a, b] = [Number(ours), Number(theirs)]
  assert.ok(Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b), 1e-3), `${say}: ours ${ours}, real ${theirs}`)
}
