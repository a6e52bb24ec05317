import { EXECUTION_STATUSES, keyOf, SETTLED, type Execution, type Plan } from '@kubewise/contracts'
import { actionNamed } from '@kubewise/policy'
import type { Clock } from '@kubewise/service'
import type { Collection, Query } from '@kubewise/store'
import { sharedRead } from './shared-read.ts'

const HOUR = 3_600_000
/** A plan may be verified for two hours and undone after. */
const LONGEST_EXECUTION_MS = 6 * HOUR
const UNSETTLED = EXECUTION_STATUSES.filter((status) => !SETTLED.includes(status))

/** Every document that a query finds. @throws also when one of them cannot be read: what is counted must be complete */
export async function findAll<T extends { _id: string; version: number }>(
  collection: Collection<T>,
  query: Query,
): Promise<T[]> {
  const found: T[] = []
  let cursor: string | undefined
  do {
    const page = await collection.find({ limit: 500, ...query, ...(cursor && { cursor }) })
    const bad = page.unreadable?.[0]
    if (bad) throw new Error(`the document ${bad.id} cannot be read: ${bad.errors.join('; ')}`)
    found.push(...page.items)
    cursor = page.cursor
  } while (cursor !== undefined)
  return found
}

/** Only claimed, and let go again since a guard asked it to wait. */
export const isWaiting = ({ status, refusal }: Execution): boolean => status === 'claimed' && refusal !== undefined

/** Executions that are not at their end. */
export function unsettled(executions: Collection<Execution>, cluster: string): Promise<Execution[]> {
  return findAll(executions, { where: { cluster, status: { in: UNSETTLED } } })
}

export interface UnderWay {
  running: { plan: string; namespace: string; targetKey: string }[]
  acted: { inCluster: number; inNamespace: number }
}

const isActive = ({ action }: { action: string }) => !actionNamed(action)?.isPassive

/** Steps sent since a moment; before the first is, those about to be: two that look at the same moment must not both see room for one. */
function stepsSince(execution: Execution, sinceMs: number): number {
  const active = execution.steps.filter(isActive)
  const sent = active.filter(({ sentMs = 0 }) => sentMs > sinceMs).length
  const isAboutTo = !isWaiting(execution) && (execution.status === 'claimed' || execution.status === 'running')
  return isAboutTo ? Math.max(sent, active.filter(({ isFallback }) => !isFallback).length) : sent
}

/**
 * Reads the executions that budgets count: those not at their end, and those that changed something lately. Who asks while that is
 * being read shares the next read, which begins after he asked: it sees his own claim, and whatever was claimed before it.
 */
export function createUnderWayReader(executions: Collection<Execution>, cluster: string, clock: Clock) {
  return sharedRead(async (): Promise<Execution[]> => {
    const sinceMs = clock.now() - HOUR - LONGEST_EXECUTION_MS
    const open = await unsettled(executions, cluster)
    // After the open ones, not beside: what settles in between is found twice, never missed.
    const settled = await findAll(executions, {
      where: { cluster, actedMs: { gte: sinceMs }, status: { in: SETTLED } },
    })
    return [...new Map([...open, ...settled].map((execution) => [execution._id, execution])).values()]
  })
}

/** What is done by other plans at this moment, and was in the last hour, of the executions that budgets count. */
export function underWayBeside(plan: Plan, executions: readonly Execution[], nowMs: number): UnderWay {
  const sinceMs = nowMs - HOUR
  const others = executions.filter(({ _id }) => _id !== plan._id)
  // One that owes an undo rests between its tries: its target's lock guards it, and others need not wait a day for it.
  const isResting = ({ owed, holderUntilMs }: Execution) => owed !== undefined && holderUntilMs === 0
  const running = others.filter(
    (execution) => !SETTLED.includes(execution.status) && !isWaiting(execution) && !isResting(execution),
  )
  const count = (some: readonly Execution[]) => some.reduce((sum, each) => sum + stepsSince(each, sinceMs), 0)
  return {
    running: running.map(({ _id, target }) => ({ plan: _id, namespace: target.namespace, targetKey: keyOf(target) })),
    acted: {
      inCluster: count(others),
      inNamespace: count(others.filter(({ target }) => target.namespace === plan.target.namespace)),
    },
  }
}

/** Plans of an incident that changed something, this one left out. */
export async function attemptsBefore(executions: Collection<Execution>, { incident, _id }: Plan): Promise<number> {
  const all = await findAll(executions, { where: { incident } })
  return all.filter((execution) => execution._id !== _id && execution.actedMs !== undefined).length
}
