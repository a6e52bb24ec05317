import type { Clock } from '@kubewise/service'
import { BusError } from './errors.ts'

/** How many ack waits a handler may take without a sign of life before its message is given to someone else. */
const MOST_SILENT_WAITS = 10
const BEATS_PER_WAIT = 3

/** Keeps a message in the hands of a slow handler. */
export interface Life {
  /** Aborts when the consumption ends, or when the message is given up because the handler hangs. */
  readonly signal: AbortSignal
  /** The handler shows that it works. */
  renew(): void
  /** The handler is to come to an end. */
  abort(reason: unknown): void
  end(): void
}

// One for all: an abort without a reason makes an exception with a stack, once a message.
const ENDED = new Error('the handler has ended')

/**
 * Tells the server again and again that work on a message goes on, so that a slow handler does not see it delivered a
 * second time. Not for ever: a handler that hangs must not hold its message.
 *
 * @param beat tells the server
 */
export function keepAlive(clock: Clock, ackWaitMs: number, beat: () => void): Life {
  const ended = new AbortController()
  const handler = new AbortController()
  const mostSilentMs = ackWaitMs * MOST_SILENT_WAITS
  let sinceMs = clock.monotonic()

  async function run() {
    while (clock.monotonic() - sinceMs < mostSilentMs) {
      await clock.sleep(ackWaitMs / BEATS_PER_WAIT, ended.signal)
      beat()
    }
    handler.abort(new BusError('timeout', `handler was silent for ${mostSilentMs} ms, its message is delivered again`))
  }

  // Ends by the abort of its sleep, or because the connection is closed, and then there is nobody to tell.
  run().catch(() => undefined)
  return {
    signal: handler.signal,
    renew: () => {
      sinceMs = clock.monotonic()
    },
    abort: (reason) => handler.abort(reason),
    end: () => ended.abort(ENDED),
  }
}
