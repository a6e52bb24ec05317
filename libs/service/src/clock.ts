/** Time as a port. Everything that waits or dates takes one of these; nothing calls `Date.now` or `setTimeout` itself. */
export interface Clock {
  /** Wall time, milliseconds since 1970; may jump. For dates, and for comparing with other machines. */
  now(): number
  /** Milliseconds that only grow; for durations, deadlines and rests. */
  monotonic(): number
  /** Resolves after `ms` of this clock; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

const LONGEST_TIMER_MS = 2 ** 31 - 1

function sleepReal(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason as Error)
      return
    }
    const timer = setTimeout(
      () => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      },
      Math.min(Math.max(0, ms), LONGEST_TIMER_MS),
    )
    function onAbort() {
      clearTimeout(timer)
      reject(signal?.reason as Error)
    }
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: sleepReal,
}

/**
 * A clock that runs `factor` times faster than the machine's, from `startMs` on. A simulated cluster hands it to every
 * service, so that ten minutes of a failure pass in one and every duration that is reported is the simulated one.
 *
 * @param factor simulated seconds per real second, > 0
 * @throws RangeError if factor is not a positive finite number
 */
export function scaledClock(factor: number, startMs: number = Date.now()): Clock {
  if (!Number.isFinite(factor) || factor <= 0)
    throw new RangeError(`clock factor: expected a number > 0, got ${factor}`)
  const origin = performance.now()
  const elapsed = () => (performance.now() - origin) * factor
  return {
    now: () => Math.floor(startMs + elapsed()),
    monotonic: elapsed,
    sleep: (ms, signal) => sleepReal(ms / factor, signal),
  }
}

/**
 * Runs `task` every `ms` until the signal aborts, the first time at once; never two at a time. A task that throws is
 * reported to `onError` and tried again at the next beat: a loop that must not end does not end by an exception.
 */
export async function every(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
  task: (signal: AbortSignal) => Promise<void> | void,
  onError: (error: unknown) => void,
): Promise<void> {
  while (!signal.aborted) {
    const startedMs = clock.monotonic()
    try {
      await task(signal)
    } catch (error) {
      if (signal.aborted) return
      onError(error)
    }
    try {
      await clock.sleep(Math.max(0, ms - (clock.monotonic() - startedMs)), signal)
    } catch {
      return
    }
  }
}
