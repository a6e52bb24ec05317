import { randomBytes } from 'node:crypto'
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { createConnection, createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const IMAGE = 'nats:2.14-alpine'
/** Beside the usual search path: where Debian puts servers, which a user's PATH may lack. */
const MORE_FOLDERS = ['/usr/sbin', '/usr/local/bin']

/** How a nats-server is started: a program, or a container. */
export type NatsProgram = { how: 'program'; path: string } | { how: 'docker' }

/** No nats-server, and no way to get one; the message says what to do. */
export class NoNatsServerError extends Error {
  override readonly name = 'NoNatsServerError'
}

export function onPath(name: string, path: string): string | undefined {
  return [...path.split(delimiter), ...MORE_FOLDERS]
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

/** Nothing but a nats-server on the path will do, installed if need be: for tests, which kill and restart it. */
export async function findNatsServer(path: string, tell: (say: string) => void): Promise<string> {
  const found = onPath('nats-server', path)
  if (found) return found
  await installDebian(tell)
  const installed = onPath('nats-server', path)
  if (!installed) throw noServer()
  return installed
}

/** A nats-server from the path, else by Docker, else Debian's, installed. @throws NoNatsServerError */
export async function chooseNats(path: string, tell: (say: string) => void): Promise<NatsProgram> {
  const found = onPath('nats-server', path)
  if (found) return { how: 'program', path: found }
  if (await answers('docker', ['info'])) return { how: 'docker' }
  return { how: 'program', path: await findNatsServer(path, tell) }
}

const noServer = () =>
  new NoNatsServerError(
    'no nats-server found: install it (apt install nats-server, brew install nats-server) or set NATS_URL',
  )

const answers = (program: string, args: string[]) =>
  run(program, args, { timeout: 10_000 }).then(
    () => true,
    () => false,
  )

async function installDebian(tell: (say: string) => void): Promise<void> {
  if (process.getuid?.() !== 0 || !(await answers('apt-get', ['--version']))) throw noServer()
  tell('Installing nats-server (once)…')
  const apt = (...args: string[]) =>
    run('env', ['DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args], { maxBuffer: 64 * 1024 ** 2 })
  const install = () => apt('install', '-y', '-q', '--no-install-recommends', 'nats-server')
  try {
    await install().catch(() => apt('update', '-q').then(install))
  } catch (error) {
    throw new NoNatsServerError(
      `nats-server could not be installed: ${(error as Error).message.split('\n')[0]}; install it yourself or set NATS_URL`,
      { cause: error },
    )
  }
}

export interface OwnNats extends AsyncDisposable {
  url: string
}

const START_MS = 30_000
const container = (port: number, config: string): string[] =>
  `run --rm --init -p 127.0.0.1:${port}:4222 -v`.split(' ').concat(`${config}:/nats.conf:ro`)

/** Ends the program given when stdin does, which is also when we are killed: a server that nobody uses must not stay. */
const WHILE_READ = `exec 3<&0
"$@" 3<&- </dev/null & program=$!
{ cat <&3 >/dev/null; kill $program 2>/dev/null; } & watch=$!
exec 3<&-
wait $program; ended=$?
kill $watch 2>/dev/null
exit $ended`

/** In a process group of its own: Ctrl-C is for us, who need the server until we have stopped. */
const start = (program: string, args: string[]): ChildProcess =>
  spawn('/bin/sh', ['-c', WHILE_READ, 'nats', program, ...args], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })

/**
 * Starts a nats-server with JetStream for this process alone: loopback, a free port, its files in `folder`, and a token that
 * nobody else knows, since whoever may publish may forge what the services tell each other.
 */
export async function startNats(program: NatsProgram, folder: string): Promise<OwnNats> {
  const port = await freePort()
  const token = randomBytes(24).toString('base64url')
  const config = `${folder}.conf`
  await mkdir(dirname(config), { recursive: true })
  // In a file, not in the arguments, which every user of the machine can read.
  await writeFile(config, `authorization { token: "${token}" }\n`, { mode: 0o600 })
  const child =
    program.how === 'program'
      ? start(program.path, ['-c', config, '-a', '127.0.0.1', '-p', String(port), '-js', '-sd', folder])
      : start('docker', [...container(port, config), IMAGE, '-c', '/nats.conf', '-js'])
  let failure: Error | undefined
  child.once('error', (error) => (failure = error))
  const deadline = performance.now() + START_MS
  while (!(await accepts(port))) {
    if (failure || child.exitCode !== null)
      throw new NoNatsServerError(`nats-server did not start: ${failure?.message ?? `exit ${child.exitCode}`}`)
    if (performance.now() > deadline)
      throw new NoNatsServerError(`nats-server did not answer within ${START_MS / 1000} s`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return { url: `nats://${token}@127.0.0.1:${port}`, [Symbol.asyncDispose]: () => ended(child) }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.stdin?.end()
  const forced = setTimeout(() => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'), 5000)
  await exit
  clearTimeout(forced)
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' })
    // The server greets first: an accepted connection alone may be a container's proxy.
    socket.once('data', () => resolve((socket.destroy(), true)))
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
  })
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
