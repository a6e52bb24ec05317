import { createBreaker, type Breaker, type BreakerOptions } from './breaker.ts'
import type { Kit } from './kit.ts'
import { breakerOptions, type BreakerConfig } from './settings.ts'

/**
 * The circuits before one dependency that is read and written. They are two, so that writes that fail (an admission webhook
 * is down, a majority is missing) do not take the eyes from who must read the kill switch or verify, and reads that fail
 * do not hold back the write that takes a change back.
 */
export interface Circuits {
  reads: Breaker
  writes: Breaker
  stop(): void
}

/** Makes the circuits of one dependency, `TARGET` and `TARGET-writes` by name; asked once for each in a process. */
export type MakeCircuits = (target: string, isFailure: NonNullable<BreakerOptions['isFailure']>) => Circuits

// Kill reads, verification and undo hang on these: one call each few seconds spares a server enough.
const OPEN_MS = 5000

/** Circuits by the configuration. Without a deadline of their own: the clients have theirs, and know what was sent. */
export const circuitsBy =
  (config: BreakerConfig, kit: Pick<Kit, 'log' | 'metrics' | 'health'>): MakeCircuits =>
  (target, isFailure) => {
    const options = { ...breakerOptions(config, OPEN_MS), isFailure }
    const reads = createBreaker(target, options, kit)
    const writes = createBreaker(`${target}-writes`, options, kit)
    return {
      reads,
      writes,
      stop() {
        reads.stop()
        writes.stop()
      },
    }
  }
