import type { Bus } from '@kubewise/bus'
import { decoderOf } from '@kubewise/contracts'
import type { Kit } from '@kubewise/service'
import type { Store } from '@kubewise/store'
import type { Request, Response, Router } from 'express'
import type { Static, TSchema } from 'typebox'
import type { Audit } from './audit.ts'
import type { Config } from './config.ts'
import { demand, type Authenticate, type Identity, type Role } from './identity.ts'
import type { LiveStream } from './live-stream.ts'
import { badRequest } from './problem.ts'

/** What a route works with. */
export interface Desk extends Pick<Kit, 'clock' | 'log' | 'health' | 'metrics'> {
  bus: Bus
  store: Store
  config: Config
  audit: Audit
  live: LiveStream
  authenticate: Authenticate
  startedMs: number
}

/** One call of the API: as much as routing, checking and its documentation need. */
export interface Route {
  method: 'get' | 'put' | 'post' | 'delete'
  /** The first is the name, others are aliases (the original's among them). */
  paths: readonly [string, ...string[]]
  summary: string
  /** Needed to call it; absent for what only reads. */
  role?: Role
  answer(request: Request, response: Response, desk: Desk): Promise<unknown>
}

/** A route that reads: its query string is checked against a schema (all text, so numbers are coerced by hand). */
export function reading<Q extends TSchema>(
  route: Omit<Route, 'answer' | 'method' | 'role'> & {
    query: Q
    answer(query: Static<Q>, desk: Desk, request: Request): Promise<unknown>
  },
): Route {
  const decode = decoderOf(route.query)
  const { query: _query, ...rest } = route
  return {
    ...rest,
    method: 'get',
    async answer(request, _response, desk) {
      const decoded = decode(coerced(request.query))
      if (!decoded.ok) throw badRequest(decoded.errors)
      return route.answer(decoded.value, desk, request)
    },
  }
}

/** A route that changes something: who asks is known and may, its body fits the schema. */
export function changing<B extends TSchema>(
  route: Omit<Route, 'answer' | 'role'> & {
    role: Role
    body: B
    answer(body: Static<B>, who: Identity, desk: Desk, request: Request): Promise<unknown>
  },
): Route {
  const decode = decoderOf(route.body)
  const { body: _body, ...rest } = route
  return {
    ...rest,
    async answer(request, _response, desk) {
      const who = demand(desk.authenticate(request), route.role)
      const decoded = decode(request.body ?? {})
      if (!decoded.ok) throw badRequest(decoded.errors)
      return route.answer(decoded.value, who, desk, request)
    },
  }
}

/** Whole numbers in a query string become numbers; a name that comes twice stays a list, which no schema takes. */
function coerced(query: Request['query']): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(query).map(([name, value]) => [
      name,
      typeof value === 'string' && /^\d{1,15}$/.test(value) && NUMERIC.has(name) ? Number(value) : value,
    ]),
  )
}

const NUMERIC = new Set(['limit', 'skip', 'since', 'until'])

export function mount(router: Router, routes: readonly Route[], desk: Desk): void {
  const requests = desk.metrics.histogram(
    'kubewise_api_request_duration_seconds',
    'Time to answer a request.',
    [0.005, 0.025, 0.1, 0.5, 2.5, 10],
    {
      endpoint: [],
      method: [],
      status_code: [],
    },
  )
  for (const route of routes)
    router[route.method]([...route.paths], async (request, response) => {
      const end = requests.startTimer({ endpoint: route.paths[0], method: route.method })
      response.once('close', () => end({ status_code: String(response.statusCode) }))
      const answer = await route.answer(request, response, desk)
      if (answer !== undefined && !response.headersSent) response.json(answer)
    })
}
