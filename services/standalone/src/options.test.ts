import assert from 'node:assert/strict'
import { readOptions, UsageError } from './options.ts'
import { json, table } from './results.ts'
import type { FaultResult } from './tour.ts'

describe('the command line', () => {
  const right: [string, string[], object][] = [
    ['nothing is the demo', [], { isExit: false, isJson: false }],
    ['one tour for machines', ['--exit', '--json'], { isExit: true, isJson: true }],
    [
      'one’s own cluster, only read',
      ['--context', 'prod', '--prometheus', 'http://prom:9090/'],
      { isExit: false, isJson: false, context: 'prod', prometheus: 'http://prom:9090' },
    ],
    [
      'acting there',
      ['--context', 'prod', '--mode', 'auto'],
      { isExit: false, isJson: false, context: 'prod', mode: 'auto' },
    ],
  ]
  for (const [what, args, options] of right) it(what, () => assert.deepEqual(readOptions(args), options))

  const wrong: [string[], RegExp][] = [
    [['--wild'], /--wild/],
    [['--json'], /--json goes with --exit/],
    [['--prometheus', 'http://x'], /--prometheus goes with --context/],
    [['--context', 'c', '--mode', 'bold'], /expected one of observe, approve, auto, got "bold"/],
    [['--mode', 'auto'], /--mode goes with --context/],
    [['--context', 'c', '--prometheus', 'prom:9090', '--port', 'x'], /--prometheus: .*; --port: /],
    [['stray'], /stray/],
  ]
  for (const [args, message] of wrong)
    it(`refuses ${args.join(' ')}`, () =>
      assert.throws(
        () => readOptions(args),
        (error) => error instanceof UsageError && message.test(error.message),
      ))
})

describe('the results', () => {
  const result = (changes: Partial<FaultResult>): FaultResult => ({
    name: 'memory',
    expected: 'repaired',
    outcome: 'repaired',
    ok: true,
    detectSeconds: 1.5,
    actSeconds: 2,
    recoverSeconds: 30.25,
    ...changes,
  })
  it('are one object on one line for machines, ok only if each is', () => {
    assert.equal(JSON.parse(json([result({})])).ok, true)
    assert.equal(JSON.parse(json([result({}), result({ ok: false, outcome: 'not-repaired' })])).ok, false)
    assert.doesNotMatch(json([result({})]), /\n/)
  })
  it('are a table without colours in a pipe', () => {
    const text = table([result({}), result({ name: 'trap', detectSeconds: null, ok: false })], {
      write: () => undefined,
    })
    assert.equal(text.split('\n').length, 3)
    assert.match(text, /memory\s+repaired\s+repaired\s+1\.5\s+2\.0\s+30\.3/)
    assert.ok(!text.includes('\u001B'))
  })
})
