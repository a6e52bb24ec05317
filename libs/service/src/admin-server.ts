import { createServer, type ServerResponse } from 'node:http'
import type { Health } from './health.ts'
import { listen } from './listen.ts'
import type { Logger } from './log.ts'
import type { Metrics } from './metrics.ts'

export interface AdminServerOptions {
  /** 0 takes a free one. */
  port: number
  host?: string
  health: Health
  metrics: Metrics
  log: Logger
}

export interface AdminServer extends AsyncDisposable {
  readonly port: number
}

type Answer = { status: number; type: string; body: string }
type Route = () => Answer | Promise<Answer>

const json = (isWell: boolean, body: object): Answer => ({
  status: isWell ? 200 : 503,
  type: 'application/json',
  body: `${JSON.stringify(body)}\n`,
})

function routes({ health, metrics }: AdminServerOptions): Record<string, Route> {
  const report = () => health.report()
  return {
    '/livez': () => json(report().isLive, { status: report().isLive ? 'ok' : 'failed' }),
    '/readyz': () => json(report().isReady, report()),
    '/health': () => json(report().isReady, report()),
    '/metrics': async () => ({
      status: 200,
      type: metrics.registry.contentType,
      body: await metrics.registry.metrics(),
    }),
  }
}

function send(response: ServerResponse, { status, type, body }: Answer): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
  response.end(body)
}

const plain = (status: number, body: string): Answer => ({
  status,
  type: 'text/plain; charset=utf-8',
  body: `${body}\n`,
})

/**
 * Serves `/livez`, `/readyz`, `/health` and `/metrics` for probes and scrapers. Nothing here changes anything or is secret.
 * @throws ListenError when the port cannot be had
 */
export async function startAdminServer(options: AdminServerOptions): Promise<AdminServer> {
  const table = routes(options)
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?', 1)[0] ?? ''
    const route = table[path]
    if (!route) return send(response, plain(404, `not found; there are ${Object.keys(table).join(', ')}`))
    if (request.method !== 'GET' && request.method !== 'HEAD') return send(response, plain(405, 'only GET and HEAD'))
    Promise.try(route).then(
      (answer) => send(response, answer),
      (error: unknown) => {
        options.log.error({ err: error, path }, 'admin request failed')
        send(response, plain(500, 'failed; see the log'))
      },
    )
  })
  const port = await listen(server, {
    port: options.port,
    ...(options.host ? { host: options.host } : {}),
    variable: 'ADMIN_PORT',
  })
  return {
    port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}
