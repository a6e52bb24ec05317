import { createHmac } from 'node:crypto'
import { fetchText, retry, type Clock } from '@kubewise/service'

export interface Webhook {
  url: string
  secret?: string
}

export const SIGNATURE_HEADER = 'x-kubewise-signature'

/** What a receiver compares: the hex HMAC-SHA256 of the body as it was sent. */
export const signatureOf = (body: string, secret: string): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`

/**
 * Sends one message, up to three times. A receiver may see it twice; `id` tells it.
 *
 * @throws HttpError of the last attempt
 */
export async function sendToWebhook(
  { url, secret }: Webhook,
  message: object,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const body = JSON.stringify(message)
  const headers = {
    'content-type': 'application/json',
    ...(secret && { [SIGNATURE_HEADER]: signatureOf(body, secret) }),
  }
  const send = () => fetchText(url, { method: 'POST', body, headers, timeoutMs: 5000, maxBytes: 64 * 1024, signal })
  await retry(send, { attempts: 3, firstMs: 500, maxMs: 5000, clock, signal })
}
