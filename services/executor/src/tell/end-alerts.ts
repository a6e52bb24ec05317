import { titleOf, type ExecutionStatus } from '@kubewise/contracts'
import type { Runtime } from '../runtime.ts'
import { STANDS_MS } from './formats/alertmanager.ts'

/** Ends after which an alert stands for a person. */
const LEFT_TO_A_PERSON: readonly ExecutionStatus[] = ['failed', 'undone', 'escalated']
const MOST_AT_ONCE = 200

/**
 * Ends the alerts of what was left to a person, once its incident is over. What was told already is not sent again by the same
 * process; the next one may, which an Alertmanager takes as the same end.
 *
 * @throws StoreError
 */
export async function endAlerts({ record, clock, options, teller }: Runtime): Promise<void> {
  const { cluster, receivers } = options
  const to = receivers.filter(({ kind }) => kind === 'alertmanager').map(({ name }) => name)
  if (to.length === 0) return
  const where = { cluster, status: { in: LEFT_TO_A_PERSON }, finishedMs: { gte: clock.now() - STANDS_MS } }
  const query = { where, orderBy: 'claimedMs', direction: 'desc', limit: MOST_AT_ONCE } as const
  const { items } = await record.executions.find(query)
  for (const execution of items) {
    const { status, resolvedMs: untilMs } = (await record.incidents.get(execution.incident)) ?? {}
    if (status !== 'resolved' || untilMs === undefined) continue
    const plan = await record.plans.get(execution._id)
    const say = `The incident of ${titleOf(execution.target)} is over.`
    if (plan) teller.tell(plan, 'ended', say, { execution, mayNote: false, to, untilMs })
  }
}
