import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A port that could not be taken; the message says which and what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

export interface ListenOptions {
  /** 0 takes a free one. */
  port: number
  /** All interfaces unless told. */
  host?: string
  /** The variable that sets the port, named in the error. */
  variable: string
}

function told(error: NodeJS.ErrnoException, { port, host, variable }: ListenOptions): string {
  const address = host ? `${host}:${port}` : `port ${port}`
  if (error.code === 'EADDRINUSE') return `${address} is in use: set ${variable} to another port, 0 takes a free one`
  if (error.code === 'EACCES')
    return `${address} needs more rights than this user has: set ${variable} to a port above 1023`
  return `${address} cannot be listened on (${error.code ?? error.message}): see ${variable}`
}

/**
 * Starts listening.
 * @returns the port that was taken
 * @throws ListenError when it cannot be had
 */
export async function listen(server: Server, options: ListenOptions): Promise<number> {
  server.listen({ port: options.port, ...(options.host ? { host: options.host } : {}) })
  try {
    await once(server, 'listening')
  } catch (error) {
    throw new ListenError(told(error as NodeJS.ErrnoException, options), { cause: error })
  }
  return (server.address() as AddressInfo).port
}
