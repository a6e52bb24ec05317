import { eventually } from './eventually.ts'
import { temporaryFolder } from './folder.ts'
import { ask, findPrograms } from './programs.ts'
import { startProcess, withResources, type ServerProcess } from './server-process.ts'

/** A line of releases, or whichever there is. */
export type NatsVersion = 'any' | '2.9' | '2.14'

export interface NatsProgram {
  path: string
  /** Such as `2.9.10`. */
  version: string
}

export interface NatsOptions {
  version?: NatsVersion
  /** Where JetStream stores; a temporary folder unless told, which goes with the server. */
  storeFolder?: string
  /** A free one unless told. */
  port?: number
  /** More lines of the server's configuration as command-line options. */
  options?: readonly string[]
}

export interface Nats extends ServerProcess {
  readonly url: string
  readonly port: number
  readonly version: string
  readonly storeFolder: string
}

let known: NatsProgram[] | undefined

/** Every nats-server that can be found, in the order of preference. */
export function findAllNats(): readonly NatsProgram[] {
  known ??= findPrograms('nats-server').flatMap((path) => {
    const version = /v(\d+\.\d+\.\d+\S*)/.exec(ask(path, '--version') ?? '')?.[1]
    return version ? [{ path, version }] : []
  })
  return known
}

/** The first nats-server of a line of releases, for `skipWithout`. */
export const findNats = (version: NatsVersion = 'any'): NatsProgram | undefined =>
  findAllNats().find((program) => version === 'any' || program.version.startsWith(`${version}.`))

/** Starts a real nats-server with JetStream on loopback. */
export async function startNats({
  version = 'any',
  storeFolder,
  port = -1,
  options = [],
}: NatsOptions = {}): Promise<Nats> {
  const program = findNats(version)
  if (!program)
    throw new Error(`no nats-server (${version}) found: install it (apt install nats-server, brew install nats-server)`)
  await using held = new AsyncDisposableStack()
  const store = storeFolder ?? held.use(await temporaryFolder()).path
  let taken = port
  const launch = () => ({
    program: program.path,
    options: ['-a', '127.0.0.1', '-p', String(taken), '-js', '-sd', store, ...options],
    up: async (output: () => string) => {
      await eventually(() => output().includes('Server is ready'), { say: 'nats-server is ready' })
      taken = Number(/client connections on 127\.0\.0\.1:(\d+)/.exec(output())?.[1])
    },
  })
  const server = held.use(await startProcess(launch))
  const { version: release } = program
  return withResources(server, held.move(), {
    url: `nats://127.0.0.1:${taken}`,
    port: taken,
    version: release,
    storeFolder: store,
  })
}
