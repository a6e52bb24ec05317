import { isSettled } from '../ledger/ledger.ts'
import type { Work } from '../work.ts'
import { judge } from './judge.ts'
import { runSteps } from './run-steps.ts'
import { takeBack } from './take-back.ts'

/**
 * Carries an execution on from wherever it is to its end. All that decides what comes next is in the record, so that whoever
 * takes over after a crash does the same.
 */
export async function advance(work: Work): Promise<void> {
  const { ledger, stopping } = work
  for (;;) {
    stopping.throwIfAborted()
    switch (ledger.execution.status) {
      case 'claimed':
      case 'running':
        await runSteps(work)
        break
      case 'verifying':
        await judge(work)
        break
      case 'undoing':
        if ((await takeBack(work)) === 'owed') return
        break
      default:
        return
    }
    if (
      isSettled(ledger.execution) ||
      (ledger.execution.refusal?.code !== undefined && ledger.execution.status === 'claimed')
    )
      return
  }
}
