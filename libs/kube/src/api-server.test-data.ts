import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { Server } from 'node:net'
import { silentLog } from '@kubewise/testkit'
import { systemClock, type Clock } from '@kubewise/service'
import { openKube, type ConnectOptions } from './kube.ts'
import type { Kube } from './port.ts'

export interface Received {
  method: string
  path: string
  query: Record<string, string>
  headers: IncomingHttpHeaders
  body: string
}

export type Answer = (response: ServerResponse, request: Received) => void

/** A real HTTP server that answers as it is told, for what a well-behaved API server does not do on demand. */
export interface ScriptedServer extends AsyncDisposable {
  readonly url: string
  readonly received: Received[]
  /** How every request is answered from now on. */
  answer(answer: Answer): void
  kubeconfig(): string
  kube(options?: Partial<ConnectOptions>): Kube
  /** Drops all connections and listens no more. */
  stop(): Promise<void>
}

export function kubeconfigFor(server: string, user: object = {}): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    clusters: [{ name: 'test', cluster: { server } }],
    users: [{ name: 'test', user }],
  })
}

export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body))
}

/** A `Status` as the API server refuses with. */
export function status(code: number, reason: string, message = `refused: ${reason}`, details?: object): object {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message, ...(details ? { details } : {}) }
}

export function pod(name: string, resourceVersion: string, namespace = 'shop'): Record<string, unknown> {
  return { metadata: { name, namespace, uid: `uid-${name}`, resourceVersion } }
}

export function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('expected a server that listens on a port')
  return address.port
}

export async function scriptedServer(first?: Answer): Promise<ScriptedServer> {
  let current: Answer = first ?? ((response) => json(response, 404, status(404, 'NotFound')))
  const received: Received[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://server')
      const one: Received = {
        method: request.method ?? '',
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      }
      received.push(one)
      current(response, one)
    })
    request.on('error', () => undefined)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${portOf(server)}`
  async function stop() {
    if (!server.listening) return
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
  return {
    url,
    received,
    answer: (answer) => {
      current = answer
    },
    kubeconfig: () => kubeconfigFor(url),
    kube: (options = {}) => openTestKube(kubeconfigFor(url), systemClock, options),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

export function openTestKube(kubeconfig: string, clock: Clock, options: Partial<ConnectOptions> = {}): Kube {
  return openKube({ kubeconfig, fieldManager: 'kubewise', clock, log: silentLog, timeoutMs: 5_000, ...options })
}
