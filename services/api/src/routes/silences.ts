import { COLLECTIONS, idOf, Matcher } from '@kubewise/contracts'
import { matcherMistakes } from '@kubewise/policy'
import { Type } from 'typebox'
import { badRequest, notFound } from '../problem.ts'
import { changing, reading, type Route } from '../route.ts'
import { shown } from './pages.ts'

const DAY_MS = 86_400_000
/** How long an ended silence stays readable. */
const KEPT_MS = 7 * DAY_MS
/** The last moment that can be written as a date, which whoever is told of a silence has to do. */
const LATEST_MS = 8.64e15

const list = reading({
  paths: ['/api/v1/silences'],
  summary: 'Silences that have not ended, or lately.',
  query: Type.Object({}, { additionalProperties: false }),
  async answer(_query, { store }) {
    const { items } = await store
      .collection(COLLECTIONS.silences)
      .find({ orderBy: 'endsMs', direction: 'desc', limit: 500 })
    return { items: items.map(shown) }
  },
})

const add = changing({
  method: 'post',
  paths: ['/api/v1/silences'],
  summary: 'Silences anomalies that match, from now or a later moment on.',
  role: 'operator',
  body: Type.Object(
    {
      matchers: Type.Array(Matcher, { minItems: 1, maxItems: 16 }),
      startsMs: Type.Optional(Type.Number({ minimum: 0, maximum: LATEST_MS })),
      endsMs: Type.Number({ minimum: 0, maximum: LATEST_MS }),
      reason: Type.String({ minLength: 1, maxLength: 1024 }),
    },
    { additionalProperties: false },
  ),
  async answer({ matchers, startsMs, endsMs, reason }, who, { store, clock, audit, config }) {
    const nowMs = clock.now()
    const from = startsMs ?? nowMs
    const mistakes = matcherMistakes('matchers', matchers)
    if (endsMs <= Math.max(from, nowMs))
      mistakes.push(`endsMs: expected after the start and now (${nowMs}), got ${endsMs}`)
    if (mistakes.length > 0) throw badRequest(mistakes)
    const cluster = config.KUBEWISE_CLUSTER
    const _id = idOf('silence', JSON.stringify(matchers), from, endsMs, who.name)
    await audit.write({
      event: 'silenced',
      atMs: nowMs,
      actor: who.name,
      say: `${who.name} silences: ${reason}`,
      detail: { silence: _id },
    })
    const silence = {
      _id,
      cluster,
      matchers,
      startsMs: from,
      endsMs,
      by: who.name,
      reason,
      expiresMs: endsMs + KEPT_MS,
    }
    await store.collection(COLLECTIONS.silences).insert(silence)
    return shown({ ...silence, version: 1 })
  },
})

const end = changing({
  method: 'delete',
  paths: ['/api/v1/silences/:id'],
  summary: 'Ends a silence.',
  role: 'operator',
  body: Type.Object({}),
  async answer(_body, who, { store, clock, audit }, request) {
    const id = String(request.params['id'])
    await audit.write({
      event: 'silenced',
      atMs: clock.now(),
      actor: who.name,
      say: `${who.name} ends the silence ${id}.`,
    })
    if (!(await store.collection(COLLECTIONS.silences).delete(id))) throw notFound('silence', id)
    return { id }
  },
})

export const silenceRoutes: readonly Route[] = [list, add, end]
