import assert from 'node:assert/strict'
import { optionsOf } from './options.ts'
import { readScenario } from './read-scenario.ts'
import { valuesOf } from './series.ts'

describe('the options of eval', () => {
  const cases: [string, unknown][] = [
    ['--plans-only', { scenarios: [], folder: undefined, isJson: false }],
    ['--plans-only --scenario 1 2 --scenario 3 --json', { scenarios: [3, 1, 2], folder: undefined, isJson: true }],
    ['--plans-only --scenarios mine', { scenarios: [], folder: 'mine', isJson: false }],
  ]
  for (const [text, expected] of cases)
    it(text, () => {
      const { scenarios, ...rest } = optionsOf(text.split(' ')) as { scenarios: number[] }
      assert.deepEqual(
        { scenarios: [...scenarios].sort(), ...rest },
        { ...(expected as object), scenarios: [...(expected as { scenarios: number[] }).scenarios].sort() },
      )
    })

  const wrong: [string, RegExp][] = [
    ['', /full play.*not there yet; use --plans-only/],
    ['--cluster', /^--cluster cannot play on a real cluster yet/],
    ['--plans-only --scenario one', /^--scenario: expected the number of a scenario, got 'one'/],
    ['--plans-only 7', /^'7' is no option/],
    ['--plans-only --fast', /--fast/],
  ]
  for (const [text, expected] of wrong)
    it(`${text || 'nothing'}: one sentence`, () => {
      const said = optionsOf(text === '' ? [] : text.split(' '))
      assert.ok(typeof said === 'string')
      assert.match(said, expected)
    })
})

describe('a scenario', () => {
  it('is told all its mistakes at once, with their places', () => {
    const text = [
      'id: 1',
      'title: x',
      'source: guessed',
      'until: 10',
      'objects: [{ apiVersion: v1, kind: Pod, metadata: { name: a } }]',
      'expect:',
      '  target: [a/Pod/b]',
      '  cause: [bad-luck]',
      '  firstAction: [none]',
    ].join('\n')
    const read = readScenario('x.yaml', text)
    assert.ok('mistakes' in read)
    assert.equal(read.mistakes.length, 2)
    assert.match(read.mistakes.join('\n'), /^x\.yaml:3:9: source: /m)
    assert.match(read.mistakes.join('\n'), /^x\.yaml:8:11: expect\.cause\.0: /m)
  })

  it('is told of values that are none', () => {
    assert.deepEqual(valuesOf('1 2x2 0+5x2 _ 7-1x1'), [1, 2, 2, 2, 0, 5, 10, undefined, 7, 6])
    assert.throws(() => valuesOf('1 two'), /expected a value such as 5.*got 'two'/)
  })
})
