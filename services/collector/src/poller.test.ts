import assert from 'node:assert/strict'
import { PrometheusError, UNKNOWN, type Metric, type PromAnswer } from '@kubewise/metrics'
import { eventually, silentLog, VirtualClock } from '@kubewise/testkit'
import { Batches } from './batches.ts'
import { FreshnessBoard } from './freshness.ts'
import { createPoller } from './poller.ts'
import { SeriesIndex } from './series-index.ts'

const SECOND = 1000
const metric: Metric = { ...UNKNOWN, name: 'm', query: 'm', intervalMs: 15 * SECOND }
const ONE: PromAnswer = {
  resultType: 'vector',
  series: [{ labels: { node: 'n' }, timeMs: [1], value: [2] }],
  droppedPoints: 0,
  leftOutSeries: 0,
  warnings: [],
}

/** Polls with answers as told, and says when it asked. */
function polling(answer: (nth: number) => PromAnswer | Error) {
  const clock = new VirtualClock(0)
  const stopping = new AbortController()
  const askedAt: number[] = []
  const outcomes: string[] = []
  const poll = createPoller({
    prometheus: {
      query(expression) {
        if (expression !== metric.query) return Promise.resolve(ONE)
        askedAt.push(clock.now() / SECOND)
        const one = answer(askedAt.length)
        if (one instanceof Error) return Promise.reject(one)
        return Promise.resolve({ ...one, series: one.series.map((each) => ({ ...each, timeMs: [clock.now()] })) })
      },
      queryRange: () => assert.fail(),
    },
    clock,
    log: silentLog,
    index: new SeriesIndex('c', () => undefined),
    batches: new Batches('c', false, () => undefined),
    freshness: new FreshnessBoard(),
    isOurs: () => true,
    onPolled: () => outcomes.push('ok'),
    onFailed: (_name, why) => outcomes.push(why),
  })
  const done = poll(metric, stopping.signal)
  return {
    askedAt,
    outcomes,
    async until(seconds: number) {
      while (clock.now() < seconds * SECOND) {
        await eventually(() => clock.sleepers === 1)
        await clock.advance(SECOND)
      }
    },
    async stop() {
      stopping.abort(new Error('over'))
      await done
    },
  }
}

describe('poller', () => {
  it('asks at its interval', async () => {
    const { askedAt, outcomes, until, stop } = polling(() => ONE)
    await until(46)
    await stop()
    assert.deepEqual(askedAt, [0, 15, 30, 45])
    assert.ok(outcomes.every((outcome) => outcome === 'ok'))
  })

  it('asks a query that is refused ever more seldom, up to five minutes, and at its interval once it is taken', async () => {
    const { askedAt, until, stop } = polling((nth) =>
      nth <= 7 ? new PrometheusError('refused', 'no such function') : ONE,
    )
    await until(1400)
    await stop()
    assert.deepEqual(askedAt.slice(0, 10), [0, 30, 90, 210, 450, 750, 1050, 1350, 1365, 1380])
  })

  it('asks at its interval while something else answers in its place: that is no fault of the query', async () => {
    const { askedAt, until, stop } = polling((nth) =>
      nth <= 3 ? new PrometheusError('malformed', 'a login page') : ONE,
    )
    await until(61)
    await stop()
    assert.deepEqual(askedAt, [0, 15, 30, 45, 60])
  })

  it('leaves out an answer that comes when another collector measures the metric already', async () => {
    const moved = new AbortController()
    const outcomes: string[] = []
    const freshness = new FreshnessBoard()
    const poll = createPoller({
      prometheus: {
        query(expression) {
          if (expression === metric.query) moved.abort(new Error('it has moved'))
          return Promise.resolve(ONE)
        },
        queryRange: () => assert.fail(),
      },
      clock: new VirtualClock(0),
      log: silentLog,
      index: new SeriesIndex('c', () => undefined),
      batches: new Batches('c', false, () => undefined),
      freshness,
      isOurs: () => true,
      onPolled: () => outcomes.push('ok'),
      onFailed: (_name, why) => outcomes.push(why),
    })
    await poll(metric, moved.signal)
    assert.deepEqual([outcomes, freshness.metrics], [[], {}])
  })

  it('takes ranges for a query that is refused', async () => {
    const { outcomes, until, stop } = polling(() => ({ ...ONE, resultType: 'matrix' }))
    await until(1)
    await stop()
    assert.deepEqual(outcomes, ['refused'])
  })

  it('asks at its interval while Prometheus is away: that is no fault of the query', async () => {
    const { askedAt, outcomes, until, stop } = polling((nth) => (nth <= 3 ? new Error('connection refused') : ONE))
    await until(61)
    await stop()
    assert.deepEqual(askedAt, [0, 15, 30, 45, 60])
    assert.deepEqual(outcomes.slice(0, 4), ['other', 'other', 'other', 'ok'])
  })
})
