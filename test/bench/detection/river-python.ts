import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { MissingCorpus } from './corpora.ts'

const run = promisify(execFile)
const VERSION = '0.26.1'
const PROGRAM = join(import.meta.dirname, 'time-river.py')
const INSTALL_MS = 600_000

/** A Python with River, made once in the user's cache. @throws MissingCorpus where there is no Python, or pip cannot install it */
async function pythonWithRiver(tell: (say: string) => void): Promise<string> {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
  const folder = join(cache, 'kubewise', `river-${VERSION}`)
  const python = join(folder, 'bin', 'python')
  if (existsSync(join(folder, 'ready'))) return python
  tell(`installing River ${VERSION} into ${folder}…`)
  try {
    await run('python3', ['-m', 'venv', folder], { timeout: INSTALL_MS })
    await run(python, ['-m', 'pip', 'install', '--quiet', `river==${VERSION}`], { timeout: INSTALL_MS })
    await run(python, ['-c', `import river, pathlib; pathlib.Path(${JSON.stringify(join(folder, 'ready'))}).touch()`])
    return python
  } catch (error) {
    throw new MissingCorpus(
      `River ${VERSION} is compared with, and could not be installed: python3 with venv and pip is needed (${(error as Error).message.split('\n')[0]})`,
    )
  }
}

/** Times River on the same numbers. @returns samples per second of CPU time */
export async function riverPerSecond(
  values: Float64Array,
  { trees, height, window }: { trees: number; height: number; window: number },
  tell: (say: string) => void,
): Promise<number> {
  const python = await pythonWithRiver(tell)
  const running = run(python, [PROGRAM, [trees, height, window].join(',')], { timeout: INSTALL_MS })
  // A program that ended early has said why; that its input was not read is no news.
  running.child.stdin?.on('error', () => undefined)
  running.child.stdin?.end(JSON.stringify([...values]))
  return Number((await running).stdout)
}
