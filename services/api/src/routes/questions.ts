import { BusError } from '@kubewise/bus'
import { decodeAnswer, subjects, type Question } from '@kubewise/contracts'
import { Type } from 'typebox'
import { shown } from './pages.ts'
import { Problem } from '../problem.ts'
import { changing, type Route } from '../route.ts'

const PATIENCE_MS = 8_000
const Name = Type.String({ minLength: 1, maxLength: 253 })

const ask = changing({
  method: 'post',
  paths: ['/api/v1/ask'],
  summary: 'What would be done about an object now? Nothing is recorded, and nothing is done.',
  role: 'viewer',
  body: Type.Object(
    { kind: Type.String({ minLength: 1, maxLength: 63 }), namespace: Type.Optional(Name), name: Name },
    { additionalProperties: false },
  ),
  async answer({ kind, namespace = '', name }, who, { bus, clock, config }) {
    const cluster = config.KUBEWISE_CLUSTER
    const question: Question = {
      kind: 'question',
      cluster,
      object: { kind, namespace, name },
      by: who.name,
      askedMs: clock.now(),
    }
    try {
      const {
        kind: _kind,
        plan,
        ...answer
      } = await bus.ask(subjects.question(cluster), question, decodeAnswer, PATIENCE_MS)
      return { ...answer, ...(plan && { plan: shown(plan) }) }
    } catch (error) {
      if (!(error instanceof BusError)) throw error
      const say =
        error.code === 'no-stream' ? 'No planner is there to answer.' : `The planner did not answer: ${error.message}`
      throw new Problem(503, 'no-answer', say)
    }
  },
})

export const questionRoutes: readonly Route[] = [ask]
