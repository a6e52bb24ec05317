import { update } from '@kubewise/store'
import type { ExecutorRecord, Runtime } from '../runtime.ts'

const HOUR = 3_600_000
/** Whoever brought it to its end tells it first. */
const HEAD_START_MS = 30_000
/** Older news helps nobody: it is let go, and the log says so. */
const STALE_MS = 24 * HOUR
const MOST_AT_ONCE = 50

/** Notes that the end of an execution was told, or never will be. */
export const noteTold = ({ executions }: Pick<ExecutorRecord, 'executions'>, plan: string) =>
  update(executions, plan, ({ isUntold, ...execution }) => (isUntold ? execution : undefined))

/**
 * Tells the ends that the record says no webhook has taken: it was down, its circuit was open, or who was to tell it died.
 * Several executors may tell the same; the message's id says so.
 *
 * @throws StoreError
 */
export async function retell({ record, clock, log, options, teller }: Runtime): Promise<void> {
  if (!options.webhook) return
  const nowMs = clock.now()
  const where = { cluster: options.cluster, isUntold: true, finishedMs: { lte: nowMs - HEAD_START_MS } }
  const { items } = await record.executions.find({ where, orderBy: 'claimedMs', limit: MOST_AT_ONCE })
  for (const execution of items) {
    const { _id: id, status, say = '', finishedMs = 0 } = execution
    const plan = await record.plans.get(id)
    if (plan && finishedMs > nowMs - STALE_MS) teller.tell(plan, status, say, { execution, mayNote: false })
    else {
      log.error({ plan: id, status, say }, 'its end was never told: the webhook has not taken it for a day')
      await noteTold(record, id)
    }
  }
}
