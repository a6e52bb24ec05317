import assert from 'node:assert/strict'
import { metric } from '../series/labels.ts'
import { expose } from './exposition.ts'

describe('expose', () => {
  it('keeps the lines of one metric together', () => {
    const samples = [
      { labels: metric('up', { job: 'a' }), value: 1 },
      { labels: metric('load'), value: 0.5 },
      { labels: metric('up', { job: 'b', instance: 'b:1' }), value: 0 },
    ]
    assert.equal(expose(samples), 'up{job="a"} 1\nup{job="b",instance="b:1"} 0\nload 0.5\n')
  })

  const cases: [string, string, string][] = [
    ['a quote', 'a"b', 'x{l="a\\"b"} 1\n'],
    ['a backslash', 'a\\b', 'x{l="a\\\\b"} 1\n'],
    ['a line break', 'a\nb', 'x{l="a\\nb"} 1\n'],
    ['a backslash before an n', 'a\\nb', 'x{l="a\\\\nb"} 1\n'],
  ]
  for (const [what, value, line] of cases)
    it(`escapes ${what}`, () => assert.equal(expose([{ labels: metric('x', { l: value }), value: 1 }]), line))

  const values: [number, string][] = [
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, '+Inf'],
    [Number.NEGATIVE_INFINITY, '-Inf'],
    [1e21, '1000000000000000000000'],
  ]
  for (const [value, text] of values)
    it(`writes ${value} as ${text}`, () => assert.equal(expose([{ labels: metric('x'), value }]), `x ${text}\n`))

  it('shows nothing as an empty page', () => assert.equal(expose([]), ''))
})
