import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { ApiStatus, badRequest, internalError } from '../../objects/api-status.ts'
import type { User } from '../access/user.ts'
import { handlerOf } from '../handlers/routes.ts'
import { API_RESOURCES, findApiResource } from '../resources.ts'
import type { Answer, ApiContext, ApiRequest, WatchAnswer } from './api-request.ts'
import { isWrite, type AuditLog } from './audit.ts'
import { actingUser, assertAllowed, assertPathAllowed } from './authorize.ts'
import { assertReadable, mediaType, parseBody, readBody, UnreadableBodyError } from './body.ts'
import { discover } from './discovery.ts'
import type { FaultKind, ProtocolFaults } from './protocol-faults.ts'
import { parseResourceRequest, type ResourceRequest } from './request-info.ts'
import { frameText, jsonReply, send, sendHalf, stamp, textReply, warningHeaders, type Reply } from './respond.ts'

export interface ApiServerDependencies {
  context: ApiContext
  audit: AuditLog
  faults: ProtocolFaults
}

/** A request as far as it can be understood without knowing who asks. */
interface Received {
  message: IncomingMessage
  response: ServerResponse
  method: string
  url: URL
  request: ResourceRequest | undefined
  body: string
}

function failureReply(error: unknown): Reply {
  const status =
    error instanceof ApiStatus
      ? error
      : internalError(error instanceof Error ? (error.stack ?? error.message) : String(error))
  const retry = status.details?.retryAfterSeconds
  return jsonReply(status.code, status.body(), retry === undefined ? {} : { 'Retry-After': String(retry) })
}

function faultReply(fault: { status: number; retryAfterSeconds?: number; message?: string }): Reply {
  const { status, retryAfterSeconds, message = `simulated answer ${status}` } = fault
  return failureReply(
    new ApiStatus(
      status,
      REASONS[status],
      message,
      retryAfterSeconds === undefined ? undefined : { retryAfterSeconds },
    ),
  )
}

const REASONS: Record<number, string> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Expired',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
}

/** Within a group that is served, the server says so by a Status; elsewhere by a line of text. */
function nothingThere(group: string | undefined): Reply {
  if (group === undefined || !API_RESOURCES.some((row) => row.group === group))
    return textReply(404, '404 page not found\n')
  return failureReply(new ApiStatus(404, 'NotFound', 'the server could not find the requested resource', {}))
}

function groupOfPath(path: string): string | undefined {
  const [root, group] = path.split('/').filter((segment) => segment !== '')
  if (root === 'api') return ''
  return root === 'apis' ? group : undefined
}

/** A watcher that reads slower than things happen is cut off, as by the real server, before it costs all memory. */
const MOST_UNREAD_BYTES = 64 * 1024 * 1024

const GONE = new ApiStatus(410, 'Expired', 'too old resource version: simulated')

/** The simulated API server, not yet listening. */
export function createApiServer({ context, audit, faults }: ApiServerDependencies): Server {
  const { authorizer, tokens, clock } = context

  function userOf({ headers }: IncomingMessage): User {
    const user = tokens.authenticate(headers.authorization)
    const wanted = headers['impersonate-user']
    const groups = [headers['impersonate-group'] ?? []]
      .flat()
      .flatMap((group) => group.split(','))
      .map((group) => group.trim())
    return actingUser(authorizer, user, { user: typeof wanted === 'string' ? wanted : undefined, groups })
  }

  function handle(received: Received, request: ResourceRequest, user: User): Answer | WatchAnswer | Reply {
    const target = findApiResource(request.group, request.version, request.resource)
    const isSubresource =
      request.subresource === undefined || (target?.subresources.includes(request.subresource) ?? false)
    assertAllowed(authorizer, user, request)
    if (target === undefined || !isSubresource) return nothingThere(request.group)
    const contentType = mediaType(received.message.headers['content-type'])
    if (request.verb === 'create' || request.verb === 'update') assertReadable(contentType)
    const asked: ApiRequest = {
      ...request,
      target,
      user,
      contentType,
      query: received.url.searchParams,
      userAgent: received.message.headers['user-agent'] ?? '',
      body: bodyFor(target.kind, received.body, contentType),
    }
    const handler = handlerOf(asked)
    if (handler === undefined) {
      throw new ApiStatus(
        405,
        'MethodNotAllowed',
        'the server does not allow this method on the requested resource',
        {},
      )
    }
    const answer = handler(asked, context)
    if ('watch' in answer || target.deprecation === undefined) return answer
    return { ...answer, warnings: [target.deprecation, ...(answer.warnings ?? [])] }
  }

  function note(received: Received, request: ResourceRequest, user: User | undefined, status: number): void {
    if (!isWrite(request)) return
    const { verb, resource, subresource, namespace, name } = request
    audit.note({
      atMs: clock.now(),
      user: user?.name ?? '',
      verb,
      resource,
      ...(subresource === undefined ? {} : { subresource }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(name === undefined ? {} : { name }),
      isDryRun: received.url.searchParams.has('dryRun'),
      body: bodyForAudit(received),
      status,
    })
  }

  function answerResource(received: Received, request: ResourceRequest): Reply | WatchAnswer {
    let user: User | undefined
    try {
      user = userOf(received.message)
      const answer = handle(received, request, user)
      if ('watch' in answer) return answer
      const reply = 'text' in answer ? answer : jsonReply(answer.status, answer.body, warningHeaders(answer.warnings))
      note(received, request, user, reply.status)
      return reply
    } catch (error) {
      const reply = failureReply(error)
      note(received, request, user, reply.status)
      return reply
    }
  }

  function answerPath({ message, method, url }: Received): Reply {
    try {
      assertPathAllowed(authorizer, userOf(message), method, url.pathname)
      const found = method === 'GET' ? discover(url.pathname) : undefined
      if (found === undefined) return nothingThere(groupOfPath(url.pathname))
      return typeof found === 'string' ? textReply(200, found) : jsonReply(200, found)
    } catch (error) {
      return failureReply(error)
    }
  }

  function stream(response: ServerResponse, { watch }: WatchAnswer, fault: FaultKind | undefined): void {
    response.writeHead(200, { 'Content-Type': 'application/json' })
    response.flushHeaders()
    if (fault === 'silent-watch') return
    if (fault === 'gone') {
      response.end(frameText({ type: 'ERROR', object: GONE.body() }))
      return
    }
    const stop = watch(
      (frame) => {
        const text = frameText(frame)
        if (fault === 'truncate') response.end(text.slice(0, text.length / 2))
        else response.write(fault === 'duplicate' ? text + text : text)
        if (response.writableLength > MOST_UNREAD_BYTES) response.destroy()
      },
      () => response.end(),
    )
    response.on('close', stop)
  }

  function deliver(received: Received, fault: FaultKind | undefined): void {
    const { response, request } = received
    if (fault === 'gone' && request?.verb !== 'watch') {
      send(response, failureReply(GONE))
      return
    }
    const answer = request === undefined ? answerPath(received) : answerResource(received, request)
    if ('watch' in answer) stream(response, answer, fault)
    else if (fault === 'answer-lost') response.destroy()
    else if (fault === 'truncate') sendHalf(response, answer)
    else send(response, answer)
  }

  async function respond(received: Received): Promise<void> {
    const { message, response, method, url, request } = received
    const fault = faults.take(method, url.pathname, request)
    if (fault === 'hang') return
    if (fault === 'reset') message.socket.destroy()
    else if (fault === 'garbage')
      send(response, { ...textReply(200, '<html>\u0000 not json {"kind":'), contentType: 'application/json' })
    else if (typeof fault === 'object' && 'status' in fault) {
      if (request !== undefined) note(received, request, undefined, fault.status)
      send(response, faultReply(fault))
    } else {
      if (typeof fault === 'object') await clock.sleep(fault.delayMs)
      deliver(received, fault)
    }
  }

  async function receive(message: IncomingMessage, response: ServerResponse): Promise<void> {
    stamp(response, clock)
    try {
      const { method = 'GET' } = message
      const url = new URL(message.url ?? '/', 'http://simulator')
      const request = parseResourceRequest(method, url)
      await respond({ message, response, method, url, request, body: await readBody(message) })
    } catch (error) {
      if (!response.headersSent && !response.destroyed) send(response, failureReply(error))
    }
  }

  return createServer((message, response) => {
    void receive(message, response)
  })
}

/** @throws ApiStatus 400 that says which kind was expected */
function bodyFor(kind: string, text: string, contentType: string): unknown {
  try {
    return parseBody(text, contentType)
  } catch (error) {
    if (!(error instanceof UnreadableBodyError)) throw error
    throw badRequest(`the object provided is unrecognized (must be of type ${kind}): ${error.message}`)
  }
}

function bodyForAudit({ body, message }: Received): unknown {
  try {
    return parseBody(body, mediaType(message.headers['content-type']))
  } catch {
    return body
  }
}
