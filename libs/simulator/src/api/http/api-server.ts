import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createAnswering, type Received } from './answer.ts'
import type { ApiContext } from './api-request.ts'
import type { AuditLog } from './audit.ts'
import { readBody } from './body.ts'
import { failureReply, faultReply, GONE } from './failure.ts'
import type { FaultKind, ProtocolFaults } from './protocol-faults.ts'
import { parseResourceRequest } from './request-info.ts'
import { send, sendHalf, stamp, textReply } from './respond.ts'
import { stream } from './stream.ts'

export interface ApiServerDependencies {
  context: ApiContext
  audit: AuditLog
  faults: ProtocolFaults
}

const GARBAGE = { ...textReply(200, '<html>\u0000 not json {"kind":'), contentType: 'application/json' }

async function received(message: IncomingMessage): Promise<Received> {
  const { method = 'GET', headers } = message
  const url = new URL(message.url ?? '/', 'http://simulator')
  return { method, url, headers, request: parseResourceRequest(method, url), body: await readBody(message) }
}

/** The simulated API server, not yet listening. */
export function createApiServer({ context, audit, faults }: ApiServerDependencies): Server {
  const { clock } = context
  const answering = createAnswering(context, audit)

  /** Carries a request out; what goes wrong goes wrong after that. */
  function deliver(asked: Received, response: ServerResponse, fault: FaultKind | undefined): void {
    if (fault === 'gone' && asked.request?.verb !== 'watch') {
      send(response, failureReply(GONE))
      return
    }
    const answer = answering.answer(asked)
    if ('watch' in answer) stream(response, answer, fault)
    else if (fault === 'answer-lost') response.socket?.resetAndDestroy()
    else if (fault === 'truncate') sendHalf(response, answer)
    else send(response, answer)
  }

  async function respond(asked: Received, response: ServerResponse): Promise<void> {
    const fault = faults.take(asked.method, asked.url.pathname, asked.request)
    if (fault === 'hang') return
    if (fault === 'reset') response.socket?.resetAndDestroy()
    else if (fault === 'garbage') send(response, GARBAGE)
    else if (typeof fault === 'object' && 'status' in fault) {
      answering.note(asked, undefined, fault.status)
      send(response, faultReply(fault))
    } else {
      if (typeof fault === 'object') await clock.sleep(fault.delayMs)
      deliver(asked, response, fault)
    }
  }

  async function receive(message: IncomingMessage, response: ServerResponse): Promise<void> {
    stamp(response, clock)
    try {
      await respond(await received(message), response)
    } catch (error) {
      if (!response.headersSent && !response.destroyed) send(response, failureReply(error))
    }
  }

  return createServer((message, response) => {
    void receive(message, response)
  })
}
