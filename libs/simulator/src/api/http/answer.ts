import type { IncomingHttpHeaders } from 'node:http'
import { ApiStatus, badRequest } from '../../objects/api-status.ts'
import type { User } from '../access/user.ts'
import { handlerOf } from '../handlers/routes.ts'
import { findApiResource, type ApiResource } from '../resources.ts'
import type { Answer, ApiContext, ApiRequest, WatchAnswer } from './api-request.ts'
import { isWrite, type AuditLog } from './audit.ts'
import { actingUser, assertAllowed, assertPathAllowed } from './authorize.ts'
import { assertReadable, mediaType, parseBody, UnreadableBodyError } from './body.ts'
import { discover } from './discovery.ts'
import { failureReply, nothingThere } from './failure.ts'
import type { ResourceRequest } from './request-info.ts'
import { asTable, wantsTable } from '../table/table.ts'
import { jsonReply, textReply, warningHeaders, type Reply } from './respond.ts'

const READS = new Set(['get', 'list', 'watch'])

/** A request as it came over the wire. */
export interface Received {
  method: string
  url: URL
  headers: IncomingHttpHeaders
  body: string
  /** Absent where the path names no resource. */
  request: ResourceRequest | undefined
}

/** Answers requests: who asks, may they, what is it, and what does it say. */
export interface Answering {
  answer(received: Received): Reply | WatchAnswer
  /** Notes a write in the audit that was answered without being looked at. */
  note(received: Received, user: User | undefined, status: number): void
}

function listOf(header: string | string[] | undefined): string[] {
  const texts = [header ?? []].flat().flatMap((text) => text.split(','))
  return texts.map((text) => text.trim())
}

function groupOfPath(path: string): string | undefined {
  const [root, group] = path.split('/').filter((segment) => segment !== '')
  if (root === 'api') return ''
  return root === 'apis' ? group : undefined
}

/** @throws ApiStatus 400 that says which kind was expected */
function bodyFor({ kind }: ApiResource, { body, headers }: Received): unknown {
  try {
    return parseBody(body, mediaType(headers['content-type']))
  } catch (error) {
    if (!(error instanceof UnreadableBodyError)) throw error
    throw badRequest(`the object provided is unrecognized (must be of type ${kind}): ${error.message}`)
  }
}

function bodyForAudit({ body, headers }: Received): unknown {
  try {
    return parseBody(body, mediaType(headers['content-type']))
  } catch {
    return body
  }
}

function toApiRequest(received: Received, request: ResourceRequest, target: ApiResource, user: User): ApiRequest {
  const { headers, url } = received
  const contentType = mediaType(headers['content-type'])
  if (request.verb === 'create' || request.verb === 'update') assertReadable(contentType)
  return {
    ...request,
    target,
    user,
    contentType,
    query: url.searchParams,
    userAgent: headers['user-agent'] ?? '',
    body: bodyFor(target, received),
  }
}

function withDeprecation(answer: Answer | WatchAnswer, { deprecation }: ApiResource): Answer | WatchAnswer {
  if ('watch' in answer || deprecation === undefined) return answer
  return { ...answer, warnings: [deprecation, ...(answer.warnings ?? [])] }
}

function targetOf({ group, version, resource, subresource }: ResourceRequest): ApiResource | undefined {
  const target = findApiResource(group, version, resource)
  const isServed = subresource === undefined || (target?.subresources.includes(subresource) ?? false)
  return isServed ? target : undefined
}

export function createAnswering(context: ApiContext, audit: AuditLog): Answering {
  const { authorizer, tokens, clock } = context

  function userOf({ headers }: Received): User {
    const user = tokens.authenticate(headers.authorization)
    const wanted = headers['impersonate-user']
    return actingUser(authorizer, user, {
      user: typeof wanted === 'string' ? wanted : undefined,
      groups: listOf(headers['impersonate-group']),
    })
  }

  function handle(received: Received, request: ResourceRequest, user: User): Reply | WatchAnswer {
    assertAllowed(authorizer, user, request)
    const target = targetOf(request)
    if (target === undefined) return nothingThere(request.group)
    const asked = toApiRequest(received, request, target, user)
    const handler = handlerOf(asked)
    if (handler === undefined) {
      throw new ApiStatus(
        405,
        'MethodNotAllowed',
        'the server does not allow this method on the requested resource',
        {},
      )
    }
    const given = withDeprecation(handler(asked, context), target)
    const isTable = READS.has(request.verb) && wantsTable(received.headers.accept)
    const answer = isTable ? asTable(given, target, () => clock.now()) : given
    return 'watch' in answer ? answer : jsonReply(answer.status, answer.body, warningHeaders(answer.warnings))
  }

  function note(received: Received, user: User | undefined, status: number): void {
    const { request, url } = received
    if (request === undefined || !isWrite(request)) return
    const { verb, resource, subresource, namespace, name } = request
    audit.note({
      atMs: clock.now(),
      user: user?.name ?? '',
      verb,
      resource,
      ...(subresource === undefined ? {} : { subresource }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(name === undefined ? {} : { name }),
      isDryRun: url.searchParams.has('dryRun'),
      body: bodyForAudit(received),
      status,
    })
  }

  function answerResource(received: Received, request: ResourceRequest): Reply | WatchAnswer {
    let user: User | undefined
    let answer: Reply | WatchAnswer
    try {
      user = userOf(received)
      answer = handle(received, request, user)
    } catch (error) {
      answer = failureReply(error)
    }
    if (!('watch' in answer)) note(received, user, answer.status)
    return answer
  }

  function answerPath(received: Received): Reply {
    const { method, url } = received
    try {
      assertPathAllowed(authorizer, userOf(received), method, url.pathname)
      const found = method === 'GET' ? discover(url.pathname) : undefined
      if (found === undefined) return nothingThere(groupOfPath(url.pathname))
      return typeof found === 'string' ? textReply(200, found) : jsonReply(200, found)
    } catch (error) {
      return failureReply(error)
    }
  }

  return {
    note,
    answer: (received) => {
      const { request } = received
      return request === undefined ? answerPath(received) : answerResource(received, request)
    },
  }
}
