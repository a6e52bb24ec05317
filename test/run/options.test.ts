import assert from 'node:assert/strict'
import { optionsOf } from './options.ts'

describe('the options of a run', () => {
  const soak = (minutes: string) => ({ what: 'soak', files: [], env: { KUBEWISE_SOAK_MINUTES: minutes } })
  const cases: [args: string[], options: object][] = [
    [[], { what: 'test', files: [], env: {} }],
    [['cluster', 'a.test.ts'], { what: 'cluster', files: ['a.test.ts'], env: {} }],
    [['cluster', '--soak'], soak('60')],
    [['cluster', '--soak', '10m'], soak('10')],
    [['cluster', '--soak', '1h30m'], soak('90')],
  ]
  for (const [args, options] of cases) it(`reads '${args.join(' ')}'`, () => assert.deepEqual(optionsOf(args), options))

  for (const args of [['0'], ['soon'], ['10m', 'a.test.ts']])
    it(`says what is wrong with '--soak ${args.join(' ')}'`, () => {
      const options = optionsOf(['cluster', '--soak', ...args])
      assert.ok('mistake' in options && options.mistake.includes(args.join(' ')))
    })
})
