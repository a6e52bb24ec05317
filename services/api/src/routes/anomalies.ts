import { COLLECTIONS, idOf, SEVERITIES, subjects, type Feedback } from '@kubewise/contracts'
import { Type } from 'typebox'
import { notFound, Problem } from '../problem.ts'
import { changing, reading, type Route } from '../route.ts'
import { pageOf, pageQuery, shown } from './pages.ts'

const text = (request: { params: Record<string, string | string[] | undefined> }, name: string) =>
  String(request.params[name] ?? '')

const list = reading({
  paths: ['/api/v1/anomalies', '/anomalies'],
  summary: 'Anomalies, newest first.',
  query: Type.Object(
    {
      ...pageQuery,
      status: Type.Optional(Type.Enum(['open', 'resolved'])),
      severity: Type.Optional(Type.Enum([...SEVERITIES])),
    },
    { additionalProperties: false },
  ),
  async answer(query, { store }) {
    const where = { ...(query.status && { status: query.status }), ...(query.severity && { severity: query.severity }) }
    const { items, cursor } = await pageOf(store.collection(COLLECTIONS.anomalies), query, 'detectedMs', where)
    return { items: items.map(shown), ...(cursor !== undefined && { cursor }) }
  },
})

const one = reading({
  paths: ['/api/v1/anomalies/:id', '/anomalies/:id'],
  summary: 'One anomaly, with what caused it and the feedback on it.',
  query: Type.Object({}, { additionalProperties: false }),
  async answer(_query, { store }, request) {
    const id = text(request, 'id')
    const anomaly = await store.collection(COLLECTIONS.anomalies).get(id)
    if (!anomaly) throw notFound('anomaly', id)
    const { items } = await store.collection(COLLECTIONS.feedback).find({ where: { anomaly: id } })
    return { ...shown(anomaly), feedback: items.map(shown) }
  },
})

const MAX_TRIES = 5

const feedback = changing({
  method: 'put',
  paths: ['/api/v1/anomalies/:id/feedback', '/anomalies/:id/feedback'],
  summary: 'A person’s word on an anomaly; one for each person, the last one holds.',
  role: 'operator',
  body: Type.Object(
    { verdict: Type.Enum(['useful', 'noise']), comment: Type.Optional(Type.String({ maxLength: 1024 })) },
    { additionalProperties: false },
  ),
  async answer({ verdict, comment }, who, { store, bus, clock, audit, config }, request) {
    const id = text(request, 'id')
    const anomaly = await store.collection(COLLECTIONS.anomalies).get(id)
    if (!anomaly) throw notFound('anomaly', id)
    const collection = store.collection(COLLECTIONS.feedback)
    const word = {
      _id: idOf('feedback', id, who.name),
      anomaly: id,
      target: anomaly.target,
      author: who.name,
      verdict,
      // What alerts like this one are known by: the word is about them, too.
      ...(anomaly.explanation && {
        signature: anomaly.explanation.signature,
        sample: anomaly.explanation.sample,
      }),
      ...(comment !== undefined && { comment }),
      givenMs: clock.now(),
    }
    await audit.write({
      event: 'feedback',
      atMs: clock.now(),
      actor: who.name,
      target: anomaly.target,
      say: `${who.name} calls anomaly ${id} ${verdict}.`,
    })
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const current = await collection.get(word._id)
      const outcome = current
        ? await collection.replace({ ...word, version: current.version })
        : await collection.insert(word)
      if (outcome === 'conflict' || outcome === 'exists') continue
      const saved: Feedback = { ...word, version: (current?.version ?? 0) + 1 }
      await bus.publish(subjects.feedback(config.KUBEWISE_CLUSTER), saved, {
        id: idOf('feedback', saved._id, saved.version),
      })
      return shown(saved)
    }
    throw new Problem(409, 'conflict', 'Others were changing it at the same time; try again.')
  },
})

export const anomalyRoutes: readonly Route[] = [list, one, feedback]
