import { COLLECTIONS, hintOf, subjects, type Approval, type Plan } from '@kubewise/contracts'
import type { Store } from '@kubewise/store'
import { Type } from 'typebox'
import type { Identity } from '../identity.ts'
import { isWaiting, planStatus } from '../plan-status.ts'
import { notFound, Problem } from '../problem.ts'
import { changing, reading, type Desk, type Route } from '../route.ts'
import { pageOf, pageQuery, shown } from './pages.ts'

const nothing = Type.Object({}, { additionalProperties: false })

/** A plan as people see it: with where it stands. */
async function told(plan: Plan, store: Store, nowMs: number) {
  const [approval, execution] = await Promise.all([
    store.collection(COLLECTIONS.approvals).get(plan._id),
    store.collection(COLLECTIONS.executions).get(plan._id),
  ])
  return {
    ...shown(plan),
    status: planStatus(plan, approval, execution, nowMs),
    ...(approval && { approval: shown(approval) }),
  }
}

const list = reading({
  paths: ['/api/v1/plans', '/remediation/plans'],
  summary: 'Plans, newest first, each with where it stands.',
  query: Type.Object(
    { ...pageQuery, incident: Type.Optional(Type.String({ maxLength: 64 })) },
    { additionalProperties: false },
  ),
  async answer(query, { store, clock }) {
    const { items, cursor } = await pageOf(
      store.collection(COLLECTIONS.plans),
      query,
      'createdMs',
      query.incident ? { incident: query.incident } : {},
    )
    return {
      items: await Promise.all(items.map((plan) => told(plan, store, clock.now()))),
      ...(cursor !== undefined && { cursor }),
    }
  },
})

const one = reading({
  paths: ['/api/v1/plans/:id', '/remediation/plans/:id'],
  summary: 'One plan with its reasoning, steps, approval and execution.',
  query: nothing,
  async answer(_query, { store, clock }, request) {
    const plan = await planOf(store, String(request.params['id']))
    const execution = await store.collection(COLLECTIONS.executions).get(plan._id)
    return { ...(await told(plan, store, clock.now())), ...(execution && { execution: shown(execution) }) }
  },
})

async function planOf(store: Store, id: string): Promise<Plan> {
  const plan = await store.collection(COLLECTIONS.plans).get(id)
  if (!plan) throw notFound('plan', id)
  return plan
}

const APPROVAL_MS = 10 * 60_000

const Word = Type.Object(
  {
    /** The hash of the plan that was read: an approval binds to it. */
    hash: Type.String({ minLength: 1, maxLength: 128 }),
    reason: Type.Optional(Type.String({ maxLength: 1024 })),
  },
  { additionalProperties: false },
)

const word = (verdict: 'approved' | 'rejected', verb: string): Route =>
  changing({
    method: 'post',
    paths: [`/api/v1/plans/:id/${verb}`],
    summary: `${verb === 'approve' ? 'Agrees to' : 'Refuses'} a plan; bound to its hash, once.`,
    role: 'approver',
    body: Word,
    answer: (body, who, desk, request) => give(verdict, body, who, desk, String(request.params['id'])),
  })

async function give(
  verdict: Approval['verdict'],
  body: { hash: string; reason?: string },
  who: Identity,
  { store, bus, clock, audit, log }: Desk,
  id: string,
) {
  const plan = await planOf(store, id)
  const nowMs = clock.now()
  if (body.hash !== plan.hash)
    throw new Problem(409, 'hash-mismatch', 'The plan has another hash than the one that was read.')
  if (plan.steps.length === 0)
    throw new Problem(409, 'no-action', 'The plan has no steps; there is nothing to approve.')
  if (plan.mode === 'observe')
    throw new Problem(409, 'mode-observe', 'The namespace is only observed; the plan says what would be done.')
  if (verdict === 'approved' && nowMs >= plan.notAfterMs)
    throw new Problem(409, 'expired', 'The plan has expired; a newer one is made while the incident is open.')
  const execution = await store.collection(COLLECTIONS.executions).get(id)
  if (execution && !isWaiting(execution)) throw new Problem(409, 'executed', 'The plan is carried out already.')
  await audit.write({
    event: verdict,
    atMs: nowMs,
    actor: who.name,
    target: plan.target,
    plan: id,
    say: `${who.name} ${verdict} the plan.`,
    detail: { hash: plan.hash },
  })
  const approval = {
    _id: id,
    planHash: plan.hash,
    verdict,
    by: who.name,
    ...(body.reason !== undefined && { reason: body.reason }),
    givenMs: nowMs,
    expiresMs: Math.min(plan.notAfterMs, nowMs + APPROVAL_MS),
  }
  if ((await store.collection(COLLECTIONS.approvals).insert(approval)) === 'exists') {
    const given = await store.collection(COLLECTIONS.approvals).get(id)
    if (given?.by !== who.name || given.verdict !== verdict)
      throw new Problem(
        409,
        'decided',
        `The plan was ${given?.verdict ?? 'decided'} by ${given?.by ?? 'somebody'} already.`,
      )
    return shown(given)
  }
  log.info({ plan: id, by: who.name, verdict }, 'plan decided')
  // A lost hint delays: the executor looks for approved plans by itself.
  if (verdict === 'approved') await bus.publish(subjects.plan(plan.target), hintOf(plan)).catch(() => undefined)
  return shown({ ...approval, version: 1 })
}

export const planRoutes: readonly Route[] = [list, one, word('approved', 'approve'), word('rejected', 'reject')]
