import { keyOf, titleOf, type TargetRecord } from '@kubewise/contracts'
import type { Guard } from '../guard.ts'

function holderOf(record: TargetRecord | undefined, plan: string, nowMs: number): string | undefined {
  const lock = record?.lock
  return lock && lock.plan !== plan && nowMs < lock.untilMs ? lock.plan : undefined
}

/** Refuses while another plan works on the same target. */
export const oneAtATime: Guard = ({ plan, target, running, nowMs }) => {
  if (!target.isKnown) return { code: 'record-unknown', say: `The target's record cannot be read: ${target.why}` }
  if (!running.isKnown) return { code: 'running-unknown', say: `What is under way cannot be read: ${running.why}` }
  const key = keyOf(plan.target)
  const other =
    holderOf(target.value, plan._id, nowMs) ?? running.value.find(({ targetKey }) => targetKey === key)?.plan
  return other === undefined
    ? undefined
    : { code: 'target-busy', say: `Plan ${other} is at work on ${titleOf(plan.target)}.` }
}
