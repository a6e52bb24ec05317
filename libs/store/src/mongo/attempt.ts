import type { Clock } from '@kubewise/service'
import { StoreError } from '../errors.ts'
import { hideCredentials } from '../target.ts'
import { failureOf } from './errors.ts'

const ATTEMPTS = 4
const FIRST_REST_MS = 50

const say = (error: unknown): string => hideCredentials(error instanceof Error ? error.message : String(error))

/** What is done, for the error's sentence and its fields. */
export interface Call {
  what: string
  collection?: string
  id?: string
  /** A write whose outcome stays open must not be reported as one that did not happen. */
  isWrite: boolean
}

/** What is known of the attempts so far. */
export interface Progress {
  /** Something may have been written: the next attempt looks for its own traces, and no failure may be reported as none. */
  isUncertain: boolean
}

/**
 * Carries a call out, again after a connection that broke or a primary that stepped down. The driver's own retries are
 * off: it does not say whether a first attempt was sent, and retries nothing on a server that stands alone. A server that
 * is down is waited for once, for as long as the selection of a server may take.
 *
 * @throws StoreError
 */
export async function attempt<T>(
  { what, collection, id, isWrite }: Call,
  clock: Clock,
  task: (progress: Progress) => Promise<T>,
): Promise<T> {
  const progress: Progress = { isUncertain: false }
  for (let count = 1; ; count++) {
    try {
      return await task(progress)
    } catch (error) {
      const failure = failureOf(error)
      if (failure === undefined) throw error
      progress.isUncertain ||= failure.maybeApplied
      if (!failure.isTransient || count === ATTEMPTS) {
        const kind = isWrite && progress.isUncertain ? 'unknown-outcome' : failure.kind
        throw new StoreError(kind, `${what}: ${say(error)}`, { collection, id, cause: error })
      }
    }
    await clock.sleep(FIRST_REST_MS * 2 ** (count - 1) * (0.5 + Math.random()))
  }
}
