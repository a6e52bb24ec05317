import { existsSync, readFileSync } from 'node:fs'
import { isKubeError } from '@kubewise/kube'
import { ConfigError, mergeEnvironment } from '@kubewise/service'
import { runDemo } from './demo.ts'
import { HomeInUseError } from './home-lock.ts'
import { NoNatsServerError } from './nats-server.ts'
import { readOptions, USAGE, UsageError } from './options.ts'
import { runOnCluster } from './own-cluster.ts'

const FAILED = 1
const WRONG_USAGE = 2
/** One Ctrl-C comes more than once: from the terminal, which tells everyone in the foreground, and from the launcher, which passes it on. */
const SAME_SIGNAL_MS = 500

/** The command line of the standalone install. @returns the exit code: 0 done, 1 failed, 2 wrong usage */
export async function runStandalone(args: readonly string[]): Promise<number> {
  const stopping = new AbortController()
  let firstMs = 0
  const stop = () => {
    const nowMs = performance.now()
    // A second one means it.
    if (stopping.signal.aborted && nowMs - firstMs > SAME_SIGNAL_MS) process.exit(FAILED)
    if (stopping.signal.aborted) return
    firstMs = nowMs
    stopping.abort(new Error('interrupted'))
  }
  // SIGHUP: the terminal was closed.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  const { stdout: out, stderr: err } = process
  try {
    const options = readOptions(args)
    const env = mergeEnvironment(process.env, existsSync('.env') ? readFileSync('.env', 'utf8') : '')
    const ports = { out, err, signal: stopping.signal }
    if (options.context === undefined)
      return (await runDemo(options, { ...ports, path: env['PATH'] ?? '' })) ? 0 : FAILED
    await runOnCluster(options, { ...ports, env })
    return 0
  } catch (error) {
    if (stopping.signal.aborted) return 0
    return explainEnd(error, (text) => err.write(text))
  }
}

/** Ends that are the user's to mend are one sentence; anything else is our fault and shows all. */
function explainEnd(error: unknown, write: (text: string) => void): number {
  if (error instanceof UsageError) {
    write(`kubewise: ${error.message}\n\n${USAGE}\n`)
    return WRONG_USAGE
  }
  if (error instanceof ConfigError) {
    write(`kubewise: the configuration is wrong:\n  ${error.mistakes.join('\n  ')}\n`)
    return WRONG_USAGE
  }
  if (error instanceof NoNatsServerError || error instanceof HomeInUseError || isKubeError(error))
    write(`kubewise: ${error.message}\n`)
  else write(`kubewise failed: ${error instanceof Error ? error.stack : String(error)}\n`)
  return FAILED
}
