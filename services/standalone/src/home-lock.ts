import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Another KubeWise works in this folder; the message says which process. */
export class HomeInUseError extends Error {
  override readonly name = 'HomeInUseError'
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/**
 * Takes a folder for this process alone: two nats-servers on one JetStream folder would damage it. The lock of a process that
 * does not live any more is taken over.
 *
 * @throws HomeInUseError
 */
export async function lockHome(home: string): Promise<AsyncDisposable> {
  const file = join(home, 'lock')
  await mkdir(home, { recursive: true, mode: 0o700 })
  for (let isFirst = true; ; isFirst = false) {
    try {
      await writeFile(file, String(process.pid), { flag: 'wx', mode: 0o600 })
      return { [Symbol.asyncDispose]: () => rm(file, { force: true }) }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !isFirst) throw error
      const holder = Number(await readFile(file, 'utf8').catch(() => ''))
      if (Number.isInteger(holder) && holder > 0 && isAlive(holder))
        throw new HomeInUseError(
          `${home} is used by another KubeWise (process ${holder}); stop it or set KUBEWISE_HOME to another folder`,
          { cause: error },
        )
      await rm(file, { force: true })
    }
  }
}
