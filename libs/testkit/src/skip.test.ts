import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from './folder.ts'

const MOCHA = fileURLToPath(new URL('bin/mocha.js', import.meta.resolve('mocha/package.json')))

/** Runs a suite that needs `value`, in a mocha of its own. */
async function runSuite(value: string): Promise<{ stdout: string; stderr: string; status: number | null }> {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'suite.mjs')
  await writeFile(
    file,
    `const { skipWithout } = await import('${new URL('skip.ts', import.meta.url).href}')
     describe('with a server', () => {
       const server = skipWithout(${value}, 'no such server on this machine')
       it('does not run without', () => { if (!server) throw new Error('it ran') })
     })`,
  )
  return spawnSync(process.execPath, [MOCHA, '--no-config', '--reporter', 'dot', file], { encoding: 'utf8' })
}

describe('skipWithout', () => {
  it('goes on with what is there', async () => {
    const { stdout, stderr, status } = await runSuite("'nats'")
    assert.match(stdout, /1 passing/)
    assert.equal(stderr, '')
    assert.equal(status, 0)
  })

  it('skips the suite and says why', async () => {
    const { stdout, stderr, status } = await runSuite('undefined')
    assert.match(stdout, /0 passing[^]*1 pending/)
    assert.equal(stderr, 'skipped with a server: no such server on this machine\n')
    assert.equal(status, 0)
  })
})
