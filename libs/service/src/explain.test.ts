import assert from 'node:assert/strict'
import { explain } from './explain.ts'

const circular = new Error('round')
circular.cause = new Error('and round', { cause: circular })

describe('explain', () => {
  const cases: [string, unknown, string][] = [
    ['a message', new Error('broken'), 'broken'],
    ['its causes', new Error('outer', { cause: new Error('inner', { cause: 'core' }) }), 'outer: inner: core'],
    ['a cause that the message repeats', new Error('failed: inner', { cause: new Error('inner') }), 'failed: inner'],
    [
      'both addresses of a name',
      new AggregateError([new Error('::1 refused'), new Error('127.0.0.1 refused')]),
      '::1 refused; 127.0.0.1 refused',
    ],
    ['a code without a message', Object.assign(new Error(''), { code: 'ECONNRESET' }), 'ECONNRESET'],
    ['a name without either', new TypeError(''), 'TypeError'],
    ['what is no error', 'plain text', 'plain text'],
    ['nothing', undefined, ''],
    ['a circle', circular, 'round: and round'],
  ]
  for (const [given, error, expected] of cases) it(given, () => assert.equal(explain(error), expected))
})
