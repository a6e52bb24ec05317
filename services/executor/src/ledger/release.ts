import { keyOf, type Execution, type TargetRecord } from '@kubewise/contracts'
import type { Limits } from '@kubewise/policy'

/** How long a target rests: doubled with each failure in a row, up to a bound. */
export function restMs(
  failures: number,
  { cooldownMs, maxCooldownMs }: Pick<Limits, 'cooldownMs' | 'maxCooldownMs'>,
): number {
  return Math.min(maxCooldownMs, cooldownMs * 2 ** failures)
}

/**
 * The target's record once an execution is at its end: unlocked, and resting if anything was changed. A pure function of the
 * two, so that whoever finds the lock of a settled plan (its executor died in between) does exactly what was left undone.
 * A rest that is stored is never shortened, whatever the clock says now. A target that was only held beside the execution's own
 * (a node's pods belong to it) has done nothing that it would have to rest from.
 */
export function released(record: TargetRecord, execution: Execution, limits: Limits): TargetRecord {
  const { lock, ...unlocked } = record
  if (lock?.plan !== execution._id) return record
  if (execution.actedMs === undefined || keyOf(execution.target) !== record._id) return unlocked
  const failures = execution.status === 'recovered' ? 0 : record.failures + 1
  const restUntilMs = (execution.finishedMs ?? execution.actedMs) + restMs(failures, limits)
  return { ...unlocked, failures, coolingUntilMs: Math.max(record.coolingUntilMs, restUntilMs) }
}
