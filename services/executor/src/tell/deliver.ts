import {
  BreakerOpenError,
  HttpError,
  postSafely,
  retry,
  UnsafeAddressError,
  type Breaker,
  type Clock,
  type Resolve,
} from '@kubewise/service'
import { postOf } from './formats/format.ts'
import type { Message } from './message.ts'
import type { Receiver } from './receiver.ts'

/** Is the receiver ill? One that refuses a message (4xx) is not; of a sending that was given up, nobody knows. */
export function isReceiverIll(error: unknown): boolean | undefined {
  if (!(error instanceof HttpError)) return undefined
  return error.kind !== 'status' || (error.status ?? 0) >= 500
}

/** Whether the same message could be taken a moment later. */
function isPassing(error: unknown): boolean {
  if (error instanceof BreakerOpenError || error instanceof UnsafeAddressError) return false
  return !(error instanceof HttpError && error.kind === 'status' && (error.status ?? 0) < 500)
}

export interface Delivery {
  circuit: Breaker
  clock: Clock
  signal: AbortSignal
  /** The machine's resolver unless told. */
  resolve?: Resolve
}

/**
 * Sends messages as one post, up to three times, while the circuit is closed. A receiver may see it twice; `id` tells it.
 *
 * @throws HttpError of the last attempt; BreakerOpenError or UnsafeAddressError when it was not sent
 */
export async function deliver(receiver: Receiver, messages: readonly Message[], delivery: Delivery): Promise<void> {
  const { circuit, clock, signal, resolve } = delivery
  const { allow, mayUseHttp } = receiver
  const { url, headers, body } = postOf(receiver, messages)
  const options = { headers, body, allow, mayUseHttp, signal, ...(resolve && { resolve }) }
  const send = () => circuit.run(() => postSafely(url, options))
  await retry(send, { attempts: 3, firstMs: 500, maxMs: 5000, clock, signal, isRetryable: isPassing })
}
