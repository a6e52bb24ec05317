import { createHmac } from 'node:crypto'
import { BreakerOpenError, fetchText, HttpError, retry, type Breaker, type Clock } from '@kubewise/service'

export interface Webhook {
  url: string
  secret?: string
  circuit: Breaker
}

/** Is the receiver ill? One that refuses a message (4xx) or answers at length is not; of a sending that was given up, nobody knows. */
export function isReceiverIll(error: unknown): boolean | undefined {
  if (!(error instanceof HttpError)) return undefined
  return error.kind === 'status' ? (error.status ?? 0) >= 500 : error.kind !== 'too-large'
}

export const SIGNATURE_HEADER = 'x-kubewise-signature'

/** What a receiver compares: the hex HMAC-SHA256 of the body as it was sent. */
export const signatureOf = (body: string, secret: string): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`

/**
 * Sends one message, up to three times, while its circuit is closed. A receiver may see it twice; `id` tells it.
 *
 * @throws HttpError of the last attempt; BreakerOpenError when it was not sent
 */
export async function sendToWebhook(
  { url, secret, circuit }: Webhook,
  message: object,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const body = JSON.stringify(message)
  const headers = {
    'content-type': 'application/json',
    ...(secret && { [SIGNATURE_HEADER]: signatureOf(body, secret) }),
  }
  const options = { method: 'POST', body, headers, timeoutMs: 5000, maxBytes: 64 * 1024, signal } as const
  const send = () => circuit.run(() => fetchText(url, options))
  const isRetryable = (error: unknown) => !(error instanceof BreakerOpenError)
  await retry(send, { attempts: 3, firstMs: 500, maxMs: 5000, clock, signal, isRetryable })
}
