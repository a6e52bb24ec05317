import { temporaryFolder, type TemporaryFolder } from '@kubewise/testkit'
import { join } from 'node:path'
import { command } from './engine.ts'

/** What somebody gets who clones the repository at its last commit, and nothing else. */
export async function cleanCheckout(): Promise<TemporaryFolder> {
  const folder = await temporaryFolder()
  const archive = join(folder.path, 'checkout.tar')
  await command('git', ['archive', '--output', archive, 'HEAD'])
  await command('tar', ['-xf', archive, '-C', folder.path])
  await command('rm', [archive])
  return folder
}
