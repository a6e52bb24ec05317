import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { decodeMetricBatch, seriesOf, type MetricBatch } from '@kubewise/contracts'
import { prometheusAt, UNKNOWN, type Metric } from '@kubewise/metrics'
import { eventually, silentLog, VirtualClock } from '@kubewise/testkit'
import { Batches } from './batches.ts'
import { FreshnessBoard } from './freshness.ts'
import { createPoller } from './poller.ts'
import { SeriesIndex } from './series-index.ts'
import type { Taken } from './take-into.ts'

const NOW_MS = 1_800_000_000_000
const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const metric: Metric = { ...UNKNOWN, name: 'm', query: 'm', intervalMs: 15_000 }

interface Row {
  labels: Record<string, string> | string
  atMs?: number
  value?: string
}

const rowOf = ({ labels, atMs = NOW_MS, value = '1' }: Row) =>
  `{"metric":${typeof labels === 'string' ? labels : JSON.stringify(labels)},"value":[${atMs / 1000},${JSON.stringify(value)}]}`

/** Polls a real server once that gives these rows; `scrapedMs` is what it says of its newest scrape. */
async function poll(rows: readonly Row[], { scrapedMs = NOW_MS, perMetric = 100, series = 1000 } = {}) {
  const server = createServer((request, response) => {
    const answer = (...texts: string[]) =>
      response.end(`{"status":"success","data":{"resultType":"vector","result":[${texts.join()}]}}`)
    request
      .setEncoding('utf8')
      .on('data', (asked: string) =>
        asked.includes('timestamp')
          ? answer(rowOf({ labels: {}, value: String(scrapedMs / 1000) }))
          : answer(...rows.map(rowOf)),
      )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const sent: MetricBatch[] = []
  const taken: Taken[] = []
  const failures: string[] = []
  const fresh: Record<string, number> = {}
  const batches = new Batches('c', false, (batch) => sent.push(batch))
  const stopping = new AbortController()
  const board = new FreshnessBoard()
  board.sampled = (name, lastMs) => void (fresh[name] = lastMs)
  const polling = createPoller({
    prometheus: prometheusAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 5000, { series }),
    clock: new VirtualClock(NOW_MS),
    log: silentLog,
    index: new SeriesIndex('c', () => undefined, undefined, { perMetric }),
    batches,
    freshness: board,
    isOurs: () => true,
    onPolled: (_name, one) => taken.push(one),
    onFailed: (_name, why) => failures.push(why),
  })(metric, stopping.signal)
  await eventually(() => taken.length + failures.length > 0)
  stopping.abort(new Error('over'))
  await polling
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  batches.flush()
  // What the detector is given has passed its own door.
  const decoded = sent.map((batch) => {
    const one = decodeMetricBatch(JSON.parse(JSON.stringify(batch)))
    assert.ok(one.ok, one.ok ? '' : one.errors.join())
    return one.value
  })
  const values = decoded.flatMap(({ value }) => value)
  return { taken: taken[0], failures, values, named: decoded.flatMap(seriesOf), fresh }
}

const node = (name: string, more: Record<string, string> = {}) => ({ node: name, ...more })

describe('bad samples', () => {
  const good: Row = { labels: node('good'), value: '42' }
  const cases: [string, Row[], Partial<Taken['samples']>, Partial<Taken['notTaken']>, number[]][] = [
    ['none', [], {}, {}, []],
    [
      'no numbers',
      ['NaN', '+Inf', '-Inf', ''].map((value, i) => ({ labels: node(`n${i}`), value })),
      { 'not-finite': 4 },
      {},
      [],
    ],
    ['the greatest number', [{ labels: node('n'), value: '1e308' }], { taken: 1 }, {}, [1e308]],
    ['a day ahead', [{ labels: node('n'), atMs: NOW_MS + DAY }], { ahead: 1 }, {}, []],
    ['a day behind', [{ labels: node('n'), atMs: NOW_MS - DAY }], { behind: 1 }, {}, []],
    ['the year 5000', [{ labels: node('n'), atMs: 9e13 }], { ahead: 1 }, {}, []],
    [
      'minutes off',
      [-4, 4].map((minutes) => ({ labels: node('n'), atMs: NOW_MS + minutes * MINUTE })),
      { taken: 2 },
      {},
      [1, 1],
    ],
    [
      'control characters in a name',
      [{ labels: node('a\u001b[2J') }, { labels: node('b\u0000') }],
      {},
      { nameless: 2 },
      [],
    ],
    ['a name of 100 kB', [{ labels: node('x'.repeat(100_000)) }], {}, { nameless: 1 }, []],
    ['a label of 100 kB', [{ labels: node('n', { long: 'x'.repeat(100_000) }) }], { taken: 1 }, {}, [1]],
    ['a label named with 100 kB', [{ labels: node('n', { ['x'.repeat(100_000)]: '1' }) }], { taken: 1 }, {}, [1]],
    ['control characters in a label', [{ labels: node('n', { 'a\r\n': '\u0000\u001b' }) }], { taken: 1 }, {}, [1]],
    [
      'traps',
      ['__proto__', 'constructor', 'toString'].map((name) => ({ labels: `{"node":"n",${JSON.stringify(name)}:"x"}` })),
      { taken: 3 },
      {},
      [1, 1, 1],
    ],
    ['traps for names', ['__proto__', 'constructor'].map((name) => ({ labels: node(name) })), { taken: 2 }, {}, [1, 1]],
  ]
  for (const [what, rows, samples, notTaken, values] of cases)
    it(`${what}: counted, beside a good one that is taken`, async () => {
      const polled = await poll([...rows, good])
      assert.deepEqual(polled.taken, {
        samples: { 'not-finite': 0, ahead: 0, behind: 0, ...samples, taken: (samples.taken ?? 0) + 1 },
        notTaken: { unowned: 0, 'left-out': 0, nameless: 0, ...notTaken },
      })
      assert.deepEqual(polled.values.toSorted(), [...values, 42].toSorted())
      assert.equal(polled.fresh['m'], NOW_MS)
    })

  it('more series than a query may bring are left out, counted, wherever they are cut off', async () => {
    const rows = Array.from({ length: 50 }, (_, i) => ({ labels: node(`n${i}`) }))
    const { taken, values } = await poll(rows, { perMetric: 10, series: 20 })
    assert.equal(values.length, 10)
    assert.equal(taken?.notTaken['left-out'], 40)
  })

  it('long labels are cut, and still tell series apart', async () => {
    const rows = ['a', 'b'].map((end) => ({ labels: node('n', { long: 'x'.repeat(100_000) + end }) }))
    const { named } = await poll(rows)
    assert.equal(new Set(named.map(({ key }) => key)).size, 2)
    assert.ok(named.every(({ labels }) => labels['long']!.length <= 256))
  })

  const clocks: [string, number][] = [
    ['ahead', DAY],
    ['behind', -DAY],
  ]
  for (const [what, offMs] of clocks)
    it(`a Prometheus whose clock is a day ${what} brings nothing, and nothing is called fresh`, async () => {
      const { failures, values, fresh } = await poll([{ labels: node('n'), atMs: NOW_MS + offMs }], {
        scrapedMs: NOW_MS + offMs,
      })
      assert.deepEqual(failures, ['misdated'])
      assert.deepEqual([values, fresh], [[], {}])
    })

  it('a newest scrape that is to come tells nothing of freshness', async () => {
    const { fresh } = await poll([good], { scrapedMs: NOW_MS + DAY })
    assert.equal(fresh['m'], 0)
  })
})
