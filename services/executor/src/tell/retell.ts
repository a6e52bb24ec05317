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
  status: Execution['status'],
  stillOwed: (owed: readonly string[] | undefined) => readonly string[],
) =>
  update(executions, plan, ({ isUntold, untold, ...execution }) => {
    if (!isUntold || execution.status !== status) return undefined
    const owed = stillOwed(untold)
    return owed.length > 0 ? { ...execution, isUntold, untold: [...owed] } : execution
  })

/**
 * Notes that a receiver has been told of the end of an execution, or that it owes an undo.
 *
 * @param status what it was told of: what became of it since is told too
 * @param receivers all that there are, for a record that does not name any
 */
export const noteTold = (
  record: Pick<ExecutorRecord, 'executions'>,
  plan: string,
  status: Execution['status'],
  receiver: string,
  receivers: readonly string[],
) => noteOwed(record, plan, status, (owed = receivers) => owed.filter((name) => name !== receiver))

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

const isPast = (sinceMs: number | undefined, nowMs: number) => sinceMs !== undefined && sinceMs <= nowMs - HEAD_START_MS

/**
 * Tells the ends, and the undos that are owed, that the record says a receiver has not taken: it was down, its circuit was open, or who was to tell it died.
 * Several executors may tell the same; the message's id says so.
 *
 * @throws StoreError
 */
export async function retell({ record, clock, log, options, teller }: Runtime): Promise<void> {
  const { cluster, receivers } = options
  if (receivers.length === 0) return
  const nowMs = clock.now()
  const untoldOnes = { cluster, isUntold: true }
  const ends = await owedEnds(record, { ...untoldOnes, finishedMs: { lte: nowMs - HEAD_START_MS } })
  const undos = await owedEnds(record, { ...untoldOnes, status: 'undoing' })
  for (const execution of [...ends, ...undos.filter(({ owed }) => isPast(owed?.sinceMs, nowMs))]) {
    const { _id: id, status, owed, say = owed?.say ?? '', finishedMs = owed?.sinceMs ?? 0, untold } = execution
    const to = receivers.map(({ name }) => name).filter((name) => isOwedTo(execution, name))
    const plan = await record.plans.get(id)
    const isStale = !plan || finishedMs <= nowMs - STALE_MS
    if (plan && !isStale && to.length > 0)
      teller.tell(plan, owed ? 'undo-owed' : status, say, {
        execution,
        mayNote: false,
        to,
        ...(owed && { step: String(owed.sinceMs) }),
      })
    else {
      const why = isStale ? 'nobody has taken it for a day' : 'its receivers are no longer configured'
      log.error({ plan: id, status, say, receivers: untold }, `its end was never told: ${why}`)
      await noteOwed(record, id, status, () => [])
    }
  }
}
