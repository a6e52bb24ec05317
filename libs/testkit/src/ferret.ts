import { connect } from 'node:net'
import { once } from 'node:events'
import { eventually } from './eventually.ts'
import { temporaryFolder } from './folder.ts'
import { freePort } from './port.ts'
import { findPrograms } from './programs.ts'
import { startProcess, withResources, type ServerProcess } from './server-process.ts'

/** A MongoDB by its wire protocol: single-document operations, unique indexes; no transactions, change streams or TTL. */
export interface Ferret extends ServerProcess {
  readonly uri: string
  readonly port: number
}

export const FERRET_MISSING = 'no ferretdb on this machine'

/** The program, for `skipWithout(findFerret(), FERRET_MISSING)`. */
export const findFerret = (): string | undefined => findPrograms('ferretdb')[0]

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } finally {
    socket.destroy()
  }
}

/**
 * Starts a real ferretdb on loopback with its data in `folder`, or in a temporary one that goes with the server.
 * @throws when there is none; ask `findFerret` first
 */
export async function startFerret({ folder }: { folder?: string } = {}): Promise<Ferret> {
  const program = findFerret()
  if (program === undefined) throw new Error(FERRET_MISSING)
  await using held = new AsyncDisposableStack()
  const data = folder ?? held.use(await temporaryFolder()).path
  const port = await freePort()
  const launch = () => ({
    program,
    options: [`127.0.0.1:${port}`, data],
    up: async () => void (await eventually(() => answers(port), { say: 'ferretdb answers' })),
  })
  const server = held.use(await startProcess(launch))
  return withResources(server, held.move(), { uri: `mongodb://127.0.0.1:${port}/`, port })
}
