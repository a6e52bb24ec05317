import type { Clock } from '@kubewise/service'
import { CLOCK_TOLERANCE_MS } from './take-into.ts'

/**
 * The clock that signals are dated by: our own, and the API server's where ours is far from it. Time never goes back for a detector:
 * one tick from tomorrow would let no time pass in it for a day. Smaller differences are left alone, they only mean that a comparison
 * is not exact.
 *
 * @param aheadMs how far ours is ahead of the API server's, undefined while that is not known
 */
export function clusterClock(clock: Clock, aheadMs: () => number | undefined): Clock {
  return {
    now() {
      const ahead = aheadMs() ?? 0
      return clock.now() - (Math.abs(ahead) > CLOCK_TOLERANCE_MS ? ahead : 0)
    },
    monotonic: () => clock.monotonic(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
  }
}
