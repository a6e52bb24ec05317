import type { Execution, ExecutionStep, Verdict } from '@kubewise/contracts'
import { verify } from '../verify/verify.ts'
import type { Work } from '../work.ts'
import { isKept, isLastAttempt } from './kept-raises.ts'
import { hasFallback } from './run-steps.ts'
import { endedStatus, settle } from './settle.ts'

/** The steps that changed something, each at its new status. */
const move = (execution: Execution, status: ExecutionStep['status']): Execution => ({
  ...execution,
  steps: execution.steps.map((step) => (step.status === 'observed' ? { ...step, status } : step)),
})

async function recovered(work: Work, verdict: Verdict): Promise<void> {
  await work.ledger.change((execution) => move(execution, 'verified'))
  work.crashpoint('after-verified')
  await settle(work, 'recovered', verdict.say)
}

/** Nobody knows whether it helped: taking it back blindly could undo the cure, so a person decides. */
async function inconclusive(work: Work, verdict: Verdict): Promise<void> {
  const { ledger } = work
  const next = hasFallback(ledger.execution) ? 'running' : ledger.execution.status
  await ledger.change((execution) => ({ ...move(execution, 'escalated'), status: next }))
  if (next !== 'running') await settle(work, endedStatus(ledger.execution), verdict.say)
}

/** A raise that is in force, also where we died after it was found wanting. */
const isStanding = (step: ExecutionStep) =>
  isKept(step) && (step.status === 'observed' || step.status === 'failed') && step.undo?.status === 'available'

async function notRecovered(work: Work, verdict: Verdict): Promise<void> {
  const { ledger } = work
  if (ledger.execution.steps.some(isStanding) && !(await isLastAttempt(work))) {
    await ledger.change((execution) => move(execution, 'failed'))
    return settle(work, 'failed', `Not enough, and kept for the next attempt: ${verdict.say}`)
  }
  await ledger.change((execution) => ({ ...move(execution, 'failed'), status: 'undoing' }))
}

/** Verifies, and decides what follows from the verdict. */
export async function judge(work: Work): Promise<void> {
  const { ledger, audit, figures, log, plan, lock } = work
  const known = ledger.execution.verdict
  const since = ledger.execution.verifyingSinceMs ?? 0
  const verdict = known && known.atMs >= since ? known : await verify(work)
  if (verdict !== known) {
    await audit.append({
      event: 'verdict',
      target: plan.target,
      plan: plan._id,
      epoch: lock.epoch,
      say: `${verdict.value}: ${verdict.say}`,
    })
    await ledger.change((execution) => ({ ...execution, verdict }))
    figures.verified(verdict.value)
    log.info({ plan: plan._id, verdict: verdict.value, say: verdict.say }, 'verified')
  }
  if (verdict.value === 'recovered') return recovered(work, verdict)
  return verdict.value === 'inconclusive' ? inconclusive(work, verdict) : notRecovered(work, verdict)
}
