import type { ExecutorRecord } from './runtime.ts'
import { findAll, unsettled } from './context/under-way.ts'

const HOUR = 3_600_000
/** Plans are not made to wait longer. */
const LONGEST_PLAN_MS = 24 * HOUR
/** How long after its end a plan is still looked at, so that its expiry is recorded. */
const AFTER_EXPIRY_MS = HOUR
/** How far back the first sweep looks: as long as executors may have been away. */
const LONGEST_AWAY_MS = 48 * HOUR

/**
 * Plans that somebody must look at although no hint came, or it came at the wrong moment: those not at their end, whoever had
 * them, and those without an execution that may still be carried out, or have expired meanwhile.
 *
 * @param sweptMs when the last sweep was, if this process had one: what expired since then nobody has seen, however long ago that was
 * @param isDone plans that are known to need no more looks
 */
export async function plansToLookAt(
  { plans, executions }: ExecutorRecord,
  {
    cluster,
    nowMs,
    sweptMs = nowMs - LONGEST_AWAY_MS,
    isDone,
  }: { cluster: string; nowMs: number; sweptMs?: number | undefined; isDone: (plan: string) => boolean },
): Promise<string[]> {
  const open = await unsettled(executions, cluster)
  const sinceMs = Math.min(nowMs, Math.max(sweptMs, nowMs - LONGEST_AWAY_MS)) - AFTER_EXPIRY_MS
  const recent = await findAll(plans, {
    where: { cluster, createdMs: { gte: sinceMs - LONGEST_PLAN_MS }, notAfterMs: { gt: sinceMs } },
  })
  const due = recent.filter(({ _id, steps }) => steps.length > 0 && !isDone(_id))
  return [...new Set([...open.map(({ _id }) => _id), ...due.map(({ _id }) => _id)])]
}
