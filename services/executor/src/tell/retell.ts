import type { Execution } from '@kubewise/contracts'
import { update, type Query } from '@kubewise/store'
import type { ExecutorRecord, Runtime } from '../runtime.ts'
import { isOwedTo } from './teller.ts'

const HOUR = 3_600_000
/** Whoever brought it to its end tells it first. */
const HEAD_START_MS = 30_000
/** Older news helps nobody: it is let go, and the log says so. */
const STALE_MS = 24 * HOUR
/** Of all receivers together: those of one that is down for long must not hide another's. */
const MOST_AT_ONCE = 1000

/** Notes that of all receivers only these have still to be told of an end. */
const noteOwed = (
  { executions }: Pick<ExecutorRecord, 'executions'>,
  plan: string,
  stillOwed: (owed: readonly string[] | undefined) => readonly string[],
) =>
  update(executions, plan, ({ isUntold, untold, ...execution }) => {
    if (!isUntold) return undefined
    const owed = stillOwed(untold)
    return owed.length > 0 ? { ...execution, isUntold, untold: [...owed] } : execution
  })

/**
 * Notes that a receiver has been told of the end of an execution.
 *
 * @param receivers all that there are, for a record that does not name any
 */
export const noteTold = (
  record: Pick<ExecutorRecord, 'executions'>,
  plan: string,
  receiver: string,
  receivers: readonly string[],
) => noteOwed(record, plan, (owed = receivers) => owed.filter((name) => name !== receiver))

async function owedEnds({ executions }: Pick<ExecutorRecord, 'executions'>, where: NonNullable<Query['where']>) {
  const found: Execution[] = []
  let cursor: string | undefined
  do {
    const page = await executions.find({ where, orderBy: 'claimedMs', limit: 500, ...(cursor && { cursor }) })
    found.push(...page.items)
    cursor = page.cursor
  } while (cursor !== undefined && found.length < MOST_AT_ONCE)
  return found
}

/**
 * Tells the ends that the record says a receiver has not taken: it was down, its circuit was open, or who was to tell it died.
 * Several executors may tell the same; the message's id says so.
 *
 * @throws StoreError
 */
export async function retell({ record, clock, log, options, teller }: Runtime): Promise<void> {
  const { cluster, receivers } = options
  if (receivers.length === 0) return
  const nowMs = clock.now()
  const where = { cluster, isUntold: true, finishedMs: { lte: nowMs - HEAD_START_MS } }
  for (const execution of await owedEnds(record, where)) {
    const { _id: id, status, say = '', finishedMs = 0, untold } = execution
    const to = receivers.map(({ name }) => name).filter((name) => isOwedTo(execution, name))
    const plan = await record.plans.get(id)
    const isStale = !plan || finishedMs <= nowMs - STALE_MS
    if (plan && !isStale && to.length > 0) teller.tell(plan, status, say, { execution, mayNote: false, to })
    else {
      const why = isStale ? 'nobody has taken it for a day' : 'its receivers are no longer configured'
      log.error({ plan: id, status, say, receivers: untold }, `its end was never told: ${why}`)
      await noteOwed(record, id, () => [])
    }
  }
}
