import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createCrashpoint } from './crashpoint.ts'

describe('createCrashpoint', () => {
  const cases: [string | undefined, string[], number | undefined][] = [
    [undefined, ['claimed', 'sent'], undefined],
    ['sent', ['claimed', 'sent', 'sent'], 1],
    ['sent@2', ['sent', 'claimed', 'sent', 'sent'], 2],
    ['sent', ['sent:before', 'present'], undefined],
    ['step 1: sent@1', ['step 1: sent'], 0],
  ]
  for (const [setting, labels, expected] of cases)
    it(`${setting} on ${labels.join(', ')} dies at ${expected}`, () => {
      const deaths: number[] = []
      let at = 0
      const crashpoint = createCrashpoint(setting, () => void deaths.push(at))
      for (at = 0; at < labels.length; at++) crashpoint(labels[at] ?? '')
      assert.deepEqual(deaths, expected === undefined ? [] : [expected])
    })

  it('kills the process at once, without a word', () => {
    const program = `
      import { createCrashpoint } from './crashpoint.ts'
      process.on('exit', () => console.log('cleaned up'))
      const crashpoint = createCrashpoint('sent')
      crashpoint('claimed')
      console.log('alive')
      crashpoint('sent')
      console.log('survived')`
    const { signal, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      cwd: import.meta.dirname,
      encoding: 'utf8',
    })
    assert.equal(signal, 'SIGKILL')
    assert.equal(stdout, 'alive\n')
  })
})
