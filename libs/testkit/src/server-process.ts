import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'

/** How to start a server, and when it is up. Settled anew at each start, so that a restart can keep what the first start chose. */
export interface Launch {
  program: string
  options: string[]
  /** Resolves when the server can be used. */
  up: (output: () => string) => Promise<void>
}

export interface ServerProcess extends AsyncDisposable {
  readonly pid: number
  /** Sends a signal; resolves once the process has ended, or at once for those that do not end it (SIGSTOP, SIGCONT). */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** Starts it again with the same data and address, after a kill or in place of what runs. */
  restart(): Promise<void>
  stop(): Promise<void>
  /** What it has printed since its last start. */
  output(): string
}

const MOST_OUTPUT = 256 * 1024
const NOT_AN_END = new Set<NodeJS.Signals>(['SIGSTOP', 'SIGCONT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'])

const alive = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of alive) child.kill('SIGKILL')
})

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null

/** A server that a failed test left behind must not keep the test's process alive. */
function letGo(child: ChildProcess): void {
  child.unref()
  for (const pipe of [child.stdout, child.stderr]) (pipe as Socket | null)?.unref()
}

async function started({ program, options, up }: Launch): Promise<{ child: ChildProcess; output: () => string }> {
  const child = spawn(program, options, { stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => void (text = (text + chunk).slice(-MOST_OUTPUT)))
  await once(child, 'spawn')
  alive.add(child)
  child.once('exit', () => alive.delete(child))
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`${program} ended at its start:\n${text}`)))
  try {
    await Promise.race([up(() => text), ended])
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
  letGo(child)
  return { child, output: () => text }
}

/** Starts a real server as a child of the test; it ends with its scope, or with the test's process at the latest. */
export async function startProcess(launch: () => Launch): Promise<ServerProcess> {
  let running = await started(launch())
  const kill = async (signal: NodeJS.Signals = 'SIGKILL') => {
    const { child } = running
    if (hasEnded(child)) return
    child.kill(signal)
    if (NOT_AN_END.has(signal)) return
    child.ref()
    await once(child, 'exit')
  }
  return {
    get pid() {
      return running.child.pid ?? 0
    },
    kill,
    async restart() {
      await kill()
      running = await started(launch())
    },
    stop: () => kill(),
    output: () => running.output(),
    [Symbol.asyncDispose]: () => kill(),
  }
}

/** The same process with more to tell, and with all that must go when it stops. */
export function withResources<T extends object>(
  server: ServerProcess,
  held: AsyncDisposableStack,
  more: T,
): ServerProcess & T {
  const stop = () => held.disposeAsync()
  return Object.assign(server, more, { stop, [Symbol.asyncDispose]: stop })
}
