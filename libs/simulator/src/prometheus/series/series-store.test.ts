import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { labelKey, metric } from './labels.ts'
import { matcher } from './matcher.ts'
import { createSeriesStore, type SeriesStore } from './series-store.ts'

const MINUTE_MS = 60_000
const UP = metric('up', { job: 'a' })

function valueAt(store: SeriesStore, atMs: number): number | undefined {
  const [series] = store.select([matcher('__name__', '=', 'up')])
  return series && store.at(series, atMs, 5 * MINUTE_MS)?.value
}

describe('series store', () => {
  it('keeps the newest sample for five minutes when nothing follows', () => {
    const store = createSeriesStore(3_600_000)
    store.scrape(1000, [{ labels: UP, value: 1 }])
    assert.equal(valueAt(store, 999), undefined)
    assert.equal(valueAt(store, 1000), 1)
    assert.equal(valueAt(store, 300_999), 1)
    assert.equal(valueAt(store, 301_000), undefined)
  })

  it('ends a series at once when the next scrape lacks it', () => {
    const store = createSeriesStore(3_600_000)
    store.scrape(1000, [{ labels: UP, value: 1 }])
    store.scrape(6000, [])
    assert.equal(valueAt(store, 5999), 1)
    assert.equal(valueAt(store, 6000), undefined)
    store.scrape(11_000, [{ labels: UP, value: 1 }])
    assert.equal(valueAt(store, 11_000), 1)
  })

  it('bridges a gap without a staleness marker', () => {
    const store = createSeriesStore(3_600_000)
    store.append(1000, [{ labels: UP, value: 7 }])
    store.append(6000, [])
    assert.equal(valueAt(store, 6000), 7)
    assert.equal(valueAt(store, 301_000), undefined)
  })

  it('drops a scrape that is not newer than the last', () => {
    const store = createSeriesStore(3_600_000)
    store.scrape(6000, [{ labels: UP, value: 1 }])
    store.scrape(6000, [{ labels: UP, value: 2 }])
    store.scrape(1000, [{ labels: UP, value: 3 }])
    assert.equal(valueAt(store, 7000), 1)
    assert.equal(store.counts().scrapes, 1)
  })

  it('takes the first of two samples with the same labels, in whatever order the labels stand', () => {
    const store = createSeriesStore(3_600_000)
    const [one, other] = [metric('up', { a: '1', b: '2' }), metric('up', { b: '2', a: '1' })]
    assert.equal(labelKey(one), labelKey(other))
    store.scrape(1000, [
      { labels: one, value: 1 },
      { labels: other, value: 2 },
    ])
    assert.equal(store.counts().series, 1)
    assert.equal(valueAt(store, 1000), 1)
  })

  it('takes any text as a label, also names that JavaScript objects know', () => {
    const store = createSeriesStore(3_600_000)
    const labels = metric('up', JSON.parse('{"__proto__":"x","constructor":"y"}') as Record<string, string>)
    store.scrape(1000, [{ labels, value: 1 }])
    assert.equal(store.select([matcher('__proto__', '=', 'x'), matcher('constructor', '=', 'y')]).length, 1)
    assert.equal(store.select([matcher('toString', '!=', '')]).length, 0)
  })

  it('forgets what is older than the retention, and series that ended before it', () => {
    const store = createSeriesStore(10 * MINUTE_MS)
    const gone = metric('gone')
    for (let scrape = 0; scrape < 1000; scrape++)
      store.scrape(scrape * 5000, [{ labels: UP, value: scrape }, ...(scrape < 10 ? [{ labels: gone, value: 1 }] : [])])
    assert.equal(store.counts().series, 1)
    assert.ok(store.counts().scrapes < 10 * 12 + 64 + 1)
    assert.equal(valueAt(store, 999 * 5000), 999)
    assert.equal(valueAt(store, 1000), undefined)
  })

  it('answers as a plain list of samples would', () => {
    const history = fc.array(fc.option(fc.constantFrom(0, 1, 2, Number.NaN), { nil: undefined }), { maxLength: 40 })
    const window = fc.tuple(fc.nat(250), fc.nat(250))
    fc.assert(
      fc.property(history, window, fc.boolean(), (values, [a, b], isMarked) => {
        const store = createSeriesStore(3_600_000)
        values.forEach((value, scrape) => {
          const samples = value === undefined ? [] : [{ labels: UP, value }]
          if (isMarked) store.scrape(scrape * 5, samples)
          else store.append(scrape * 5, samples)
        })
        const [series] = store.select([])
        if (!series) return
        const [fromMs, toMs] = [Math.min(a, b), Math.max(a, b)]
        const expected = values.flatMap((value, scrape) =>
          value !== undefined && scrape * 5 >= fromMs && scrape * 5 <= toMs ? [[scrape * 5, value]] : [],
        )
        const { timesMs, values: found } = store.between(series, fromMs, toMs)
        assert.deepEqual(
          timesMs.map((timeMs, index) => [timeMs, found[index]]),
          expected,
        )
        assert.equal(store.hasSampleBetween(series, fromMs, toMs), expected.length > 0)
      }),
    )
  })
})
