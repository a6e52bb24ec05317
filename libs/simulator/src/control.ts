import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { listen, type Logger } from '@kubewise/service'
import type { Fault, Simulator } from './port.ts'
import { DEMO_NAMESPACE } from './world/demo/manifests.ts'
import { FAULTS } from './world/faults/catalogue.ts'

export interface ControlOptions {
  simulator: Pick<Simulator, 'inject'>
  log: Logger
  /** 0 takes a free one. */
  port: number
}

export interface ControlServer extends AsyncDisposable {
  readonly port: number
}

type Answer = readonly [status: number, body: object]

/**
 * Takes orders to break things: `GET /faults` lists them, `POST /faults` with `{name, target?, namespace?}` injects one; without
 * a target, the one that the fault has in the demo. It has no authentication and so listens on loopback alone.
 *
 * @throws ListenError when the port cannot be had
 */
export async function serveControl(options: ControlOptions): Promise<ControlServer> {
  const server = createServer((request, response) => {
    void answer(request, options).then((given) => send(response, given))
  })
  const port = await listen(server, { port: options.port, host: '127.0.0.1', variable: 'CONTROL_PORT' })
  return {
    port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

async function answer(request: IncomingMessage, { simulator, log }: ControlOptions): Promise<Answer> {
  try {
    if (request.url !== '/faults') return [404, { error: 'there is only /faults' }]
    if (request.method === 'GET') return [200, { faults: FAULTS }]
    if (request.method !== 'POST') return [405, { error: 'expected GET or POST' }]
    const fault = faultOf(JSON.parse(await text(request)))
    simulator.inject(fault)
    log.info({ fault }, 'fault injected')
    return [200, { fault }]
  } catch (error) {
    if (error instanceof RangeError || error instanceof SyntaxError) return [400, { error: error.message }]
    log.error({ err: error }, 'an order failed')
    return [500, { error: 'failed; see the log of the simulator' }]
  }
}

/** @throws RangeError that says what was expected; whether there are such a fault and target, the simulator says */
function faultOf(order: unknown): Fault {
  if (typeof order !== 'object' || order === null)
    throw new RangeError('expected a JSON object {"name", "target", "namespace"}')
  const { name, target, namespace = DEMO_NAMESPACE } = order as Record<string, unknown>
  const wanted = target ?? FAULTS.find((fault) => fault.name === name)?.defaultTarget ?? ''
  if (typeof name !== 'string' || typeof wanted !== 'string' || typeof namespace !== 'string')
    throw new RangeError('name, target and namespace: expected text')
  return { name, namespace, target: wanted }
}

function send(response: ServerResponse, [status, body]: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(`${JSON.stringify(body)}\n`)
}
