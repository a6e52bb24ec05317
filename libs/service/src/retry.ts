import type { Clock } from './clock.ts'

export interface Backoff {
  firstMs: number
  maxMs: number
  /** A number in [0, 1); `Math.random` unless told. */
  random?: () => number
}

export interface RetryOptions extends Backoff {
  /** How often at most, the first included. */
  attempts: number
  clock: Clock
  signal?: AbortSignal
  /** Whether another attempt could end better; every error unless told. */
  isRetryable?: (error: unknown) => boolean
}

/**
 * How long to rest after a failed attempt: anywhere between nothing and a bound that doubles ("full jitter"), so that
 * clients which failed together do not return together.
 *
 * @param attempt 1 for the rest after the first
 * @see Brooker: Exponential Backoff And Jitter, AWS Architecture Blog, 2015
 */
export function backoffMs(attempt: number, { firstMs, maxMs, random = Math.random }: Backoff): number {
  return Math.min(maxMs, firstMs * 2 ** (attempt - 1)) * random()
}

/**
 * Tries `task` until it succeeds, cannot, or has failed `attempts` times; rests are on the given clock.
 * @throws the last error of the task, or the signal's reason
 */
export async function retry<T>(task: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const { attempts, clock, signal, isRetryable = () => true } = options
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted()
    try {
      return await task(attempt)
    } catch (error) {
      if (attempt >= attempts || !isRetryable(error)) throw error
    }
    await clock.sleep(backoffMs(attempt, options), signal)
  }
}
