import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '@kubewise/testkit'
import { HomeInUseError, lockHome } from './home-lock.ts'

describe('the lock of a home', () => {
  it('is held by one, and free once it lets go', async () => {
    await using folder = await temporaryFolder()
    {
      await using _held = await lockHome(folder.path)
      await assert.rejects(lockHome(folder.path), HomeInUseError)
    }
    await using _again = await lockHome(folder.path)
  })
  for (const left of ['999999999', '', 'nonsense'])
    it(`is taken over from ${left === '' ? 'nobody' : left}, who does not live`, async () => {
      await using folder = await temporaryFolder()
      await writeFile(join(folder.path, 'lock'), left)
      await using _held = await lockHome(folder.path)
    })
})
