import { COLLECTIONS } from '@kubewise/contracts'
import { Type } from 'typebox'
import { LIVE_KINDS } from '../live-stream.ts'
import { badRequest, notFound } from '../problem.ts'
import { reading, type Route } from '../route.ts'
import { pageOf, pageQuery, shown } from './pages.ts'

const nothing = Type.Object({}, { additionalProperties: false })
const Page = Type.Object(pageQuery, { additionalProperties: false })

const incidents = reading({
  paths: ['/api/v1/incidents'],
  summary: 'Incidents, newest first; of one cause those that became a part of it with ?mergedInto=ID.',
  query: Type.Object(
    {
      ...pageQuery,
      status: Type.Optional(Type.Enum(['open', 'resolved'])),
      mergedInto: Type.Optional(Type.String({ maxLength: 64 })),
    },
    { additionalProperties: false },
  ),
  async answer(query, { store }) {
    const { items, cursor } = await pageOf(store.collection(COLLECTIONS.incidents), query, 'openedMs', {
      ...(query.status && { status: query.status }),
      ...(query.mergedInto !== undefined && { mergedInto: query.mergedInto }),
    })
    return { items: items.map(shown), ...(cursor !== undefined && { cursor }) }
  },
})

const incident = reading({
  paths: ['/api/v1/incidents/:id'],
  summary: 'One incident with its signals, decision, plans and executions.',
  query: nothing,
  async answer(_query, { store }, request) {
    const id = String(request.params['id'])
    const found = await store.collection(COLLECTIONS.incidents).get(id)
    if (!found) throw notFound('incident', id)
    const { items } = await store.collection(COLLECTIONS.executions).find({ where: { incident: id } })
    return { ...shown(found), executions: items.map(shown) }
  },
})

const executions = reading({
  paths: ['/api/v1/executions'],
  summary: 'What was done, newest first.',
  query: Page,
  async answer(query, { store }) {
    const { items, cursor } = await pageOf(store.collection(COLLECTIONS.executions), query, 'claimedMs')
    return { items: items.map(shown), ...(cursor !== undefined && { cursor }) }
  },
})

const execution = reading({
  paths: ['/api/v1/executions/:id', '/remediation/status/:id'],
  summary: 'One execution with its steps, verdict and undo.',
  query: nothing,
  async answer(_query, { store }, request) {
    const id = String(request.params['id'])
    const found = await store.collection(COLLECTIONS.executions).get(id)
    if (!found) throw notFound('execution', id)
    return shown(found)
  },
})

const audit = reading({
  paths: ['/api/v1/audit'],
  summary: 'Who did and changed what: the chains of the executor and the API, newest first.',
  query: Type.Object(
    { limit: pageQuery.limit, cursor: pageQuery.cursor, plan: Type.Optional(Type.String({ maxLength: 64 })) },
    { additionalProperties: false },
  ),
  async answer(query, { store }) {
    const { items, cursor } = await pageOf(
      store.collection(COLLECTIONS.audit),
      query,
      'atMs',
      query.plan ? { plan: query.plan } : {},
    )
    return { items: items.map(shown), ...(cursor !== undefined && { cursor }) }
  },
})

const stream: Route = {
  method: 'get',
  paths: ['/api/v1/stream'],
  summary: 'What happens, as it happens: Server-Sent Events; ?kinds=anomaly,incident,execution.',
  async answer(request, response, { live }) {
    const wanted = request.query['kinds']
    const kinds = typeof wanted === 'string' ? wanted.split(',') : LIVE_KINDS
    const strange = kinds.filter((kind) => !(LIVE_KINDS as readonly string[]).includes(kind))
    if (strange.length > 0)
      throw badRequest([`kinds: expected some of ${LIVE_KINDS.join(', ')}, got "${strange.join(',')}"`])
    live.serve(request, response, kinds)
  },
}

export const recordRoutes: readonly Route[] = [incidents, incident, executions, execution, audit, stream]
