import type { Refusal } from '@kubewise/contracts'
import type { Work } from '../work.ts'

/** What could not be read says nothing of what may be done. */
export const UNREADABLE: ReadonlySet<string> = new Set([
  'kill-switch-unreadable',
  'mode-unknown',
  'protected-unknown',
  'target-unknown',
])
const MOST_READS = 15
const BETWEEN_READS_MS = 1000

/**
 * Asks again, for some seconds, while the answer is that something cannot be read. For taking back alone: a change must not
 * stay for good because a dependency, or the circuit before it, rests for a moment. What stays unreadable refuses.
 */
export async function askedAgain(
  { clock, stopping }: Pick<Work, 'clock' | 'stopping'>,
  ask: () => Promise<Refusal | undefined>,
): Promise<Refusal | undefined> {
  for (let read = 1; ; read++) {
    const refusal = await ask()
    if (!refusal || !UNREADABLE.has(refusal.code) || read >= MOST_READS) return refusal
    await clock.sleep(BETWEEN_READS_MS, stopping)
  }
}
