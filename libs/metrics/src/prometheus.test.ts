import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { PrometheusError, readAnswer } from './prometheus.ts'

const vector = (...result: unknown[]) => ({ status: 'success', data: { resultType: 'vector', result } })

describe('readAnswer', () => {
  it('puts a vector into columns, in milliseconds', () => {
    const { series } = readAnswer(vector({ metric: { pod: 'a' }, value: [1.5, '42'] }))
    assert.deepEqual(series, [{ labels: { pod: 'a' }, timeMs: [1500], value: [42] }])
  })
  it('drops NaN and infinities, counted: a gap is not a zero', () => {
    const answer = readAnswer(vector(...['NaN', '+Inf', '-Inf', ''].map((text) => ({ metric: {}, value: [1, text] }))))
    assert.equal(answer.droppedPoints, 4)
    assert.ok(answer.series.every(({ value }) => value.length === 0))
  })
  it('takes a matrix, a scalar and warnings', () => {
    const matrix = {
      status: 'success',
      warnings: ['w'],
      data: {
        resultType: 'matrix',
        result: [
          {
            metric: {},
            values: [
              [1, '1'],
              [2, '2'],
            ],
          },
        ],
      },
    }
    assert.deepEqual(readAnswer(matrix).series[0]!.value, [1, 2])
    assert.deepEqual(readAnswer(matrix).warnings, ['w'])
    assert.deepEqual(
      readAnswer({ status: 'success', data: { resultType: 'scalar', result: [1, '7'] } }).series[0]!.value,
      [7],
    )
  })
  const broken: [string, unknown][] = [
    ['nothing', undefined],
    ['text', 'x'],
    ['an error', { status: 'error', error: 'x' }],
    ['a vector of numbers', vector(1, 2)],
    ['labels that are no text', vector({ metric: { pod: 1 }, value: [1, '1'] })],
    ['a value that is no text', vector({ metric: {}, value: [1, 1] })],
    ['a time that is no date', vector({ metric: {}, value: [1e300, '1'] })],
  ]
  for (const [what, answer] of broken)
    it(`refuses ${what} and says why`, () =>
      assert.throws(() => readAnswer(answer), /Prometheus answered something else: /))
  it('takes labels that look like a trap as data', () => {
    const { series } = readAnswer(
      JSON.parse(
        '{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__proto__":"x","a\\r\\nb":"\\u0000"},"value":[1,"1"]}]}}',
      ),
    )
    assert.equal(series.length, 1)
    assert.equal(({} as Record<string, unknown>)['x'], undefined)
  })

  it('gives finite numbers in columns of one length, or says that it is malformed, whatever it is given', () => {
    const text = fc.oneof(fc.string(), fc.double().map(String), fc.constantFrom('NaN', '+Inf', '1e309', ' '))
    const point = fc.oneof(
      { weight: 9, arbitrary: fc.tuple(fc.double({ min: 0, max: 1e11, noNaN: true }), text) },
      fc.jsonValue(),
    )
    const labels = fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 })
    const rows = fc.oneof(
      fc.record({ resultType: fc.constant('vector'), result: fc.array(fc.record({ metric: labels, value: point })) }),
      fc.record({
        resultType: fc.constant('matrix'),
        result: fc.array(fc.record({ metric: labels, values: fc.array(point) }), { maxLength: 4 }),
      }),
      fc.record({ resultType: fc.constant('scalar'), result: point }),
    )
    const answer = fc.oneof(
      { weight: 9, arbitrary: fc.record({ status: fc.constant('success'), data: rows }) },
      fc.jsonValue(),
    )
    let taken = 0
    fc.assert(
      fc.property(answer, (given) => {
        try {
          const { series, droppedPoints } = readAnswer(given)
          assert.ok(droppedPoints >= 0)
          for (const { timeMs, value } of series) {
            assert.equal(timeMs.length, value.length)
            assert.ok([...timeMs, ...value].every(Number.isFinite))
            taken += value.length
          }
        } catch (error) {
          assert.ok(error instanceof PrometheusError && error.kind === 'malformed', String(error))
        }
      }),
      { numRuns: 300 },
    )
    assert.ok(taken > 0)
  })
})
