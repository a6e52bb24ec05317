import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { Type } from 'typebox'
import { coerce, parseDuration, type DurationUnit } from './coerce.ts'
import { Duration } from './fields.ts'

describe('parseDuration', () => {
  const cases: [string, DurationUnit, number | undefined][] = [
    ['30s', 's', 30],
    ['5m', 's', 300],
    ['1m30s', 's', 90],
    ['500ms', 's', 0.5],
    ['1.5h', 'm', 90],
    ['1d', 'h', 24],
    ['300', 's', 300],
    ['300', 'ms', 300],
    [' 10s ', 's', 10],
    ['fast', 's', undefined],
    ['30 s', 's', undefined],
    ['30x', 's', undefined],
    ['s', 's', undefined],
    ['', 's', undefined],
    ['-5s', 's', undefined],
    ['1e3', 's', 1000],
    ['0x10', 's', undefined],
    ['Infinity', 's', undefined],
  ]
  for (const [text, unit, expected] of cases)
    it(`${JSON.stringify(text)} in ${unit} → ${expected}`, () => assert.equal(parseDuration(text, unit), expected))

  it('never gives anything but a finite number or undefined', () =>
    fc.assert(
      fc.property(fc.string(), (text) => {
        const value = parseDuration(text, 's')
        return value === undefined || Number.isFinite(value)
      }),
    ))

  it('adds up its parts', () =>
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(59), fc.nat(59), (hours, minutes, seconds) => {
        assert.equal(parseDuration(`${hours}h${minutes}m${seconds}s`, 's'), hours * 3600 + minutes * 60 + seconds)
      }),
    ))
})

describe('coerce', () => {
  const Listed = Type.Array(Type.Object({ rest: Duration('s') }))
  const Named = Type.Record(Type.String(), Duration('ms'))
  const cases: [string, Parameters<typeof coerce>[0], string, unknown][] = [
    ['a number', Type.Number(), '1.5', 1.5],
    ['an integer', Type.Integer(), ' 42 ', 42],
    ['what is no number stays', Type.Integer(), '12abc', '12abc'],
    ['an empty number stays', Type.Number(), ' ', ' '],
    ['true', Type.Boolean(), 'TRUE', true],
    ['yes', Type.Boolean(), 'yes', true],
    ['0', Type.Boolean(), '0', false],
    ['what is no boolean stays', Type.Boolean(), 'maybe', 'maybe'],
    ['text that looks like a number stays text', Type.String(), '007', '007'],
    ['a JSON list', Type.Array(Type.Number()), '[1, 2]', [1, 2]],
    ['a comma list', Type.Array(Type.String()), 'a, b,,c ', ['a', 'b', 'c']],
    ['a JSON list of text', Type.Array(Type.String()), '["a,b"]', ['a,b']],
    ['broken JSON stays', Type.Object({}), '{"a":', '{"a":'],
    [
      'durations in a list',
      Listed,
      '[{"rest": "5m"}, {"rest": 7}, {"rest": "soon"}]',
      [{ rest: 300 }, { rest: 7 }, { rest: 'soon' }],
    ],
    ['durations by name', Named, '{"a": "1s"}', { a: 1000 }],
  ]
  for (const [given, schema, text, expected] of cases) it(given, () => assert.deepEqual(coerce(schema, text), expected))

  it('does not let JSON reach a prototype', () => {
    const value = coerce(Type.Record(Type.String(), Type.Unknown()), '{"__proto__": {"polluted": true}}')
    assert.equal((value as { polluted?: boolean }).polluted, undefined)
  })
})
