import type { ExecutionStep } from '@kubewise/contracts'
import type { Work } from '../work.ts'

/** How long the API server works on a request that nobody waits for any more: its `--request-timeout`, 60 s unless set. */
const LATEST_MS = 60_000

/**
 * Waits until no earlier request of a step can land any more, where there may be one: while what it made is there, a late one finds
 * the name taken, but once that is deleted it would be made again. By the clock that does not jump, and anew by whoever takes over.
 *
 * @throws StoreError; the reason of `stopping`
 */
export async function outwaitLate({ record, plan, clock, stopping }: Work, { id }: ExecutionStep): Promise<void> {
  const intents = await record.audit.count({ plan: plan._id, step: id, event: 'intent' })
  if (intents > 1) await clock.sleep(LATEST_MS, stopping)
}
