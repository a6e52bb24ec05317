import { createHmac } from 'node:crypto'
import { idOf } from '@kubewise/contracts'
import type { Message } from '../message.ts'
import type { Receiver } from '../receiver.ts'
import { digestOf } from './digest.ts'
import type { Post } from './format.ts'

export const SIGNATURE_HEADER = 'x-kubewise-signature'

/** What a receiver compares: the hex HMAC-SHA256 of the body as it was sent. */
export const signatureOf = (body: string, secret: string): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`

/** One message as it is; several as `messages`, with a text for all and an id that is theirs. */
export function webhookPost({ url, secret }: Receiver, messages: readonly Message[]): Post {
  const [first] = messages
  const all = { text: digestOf(messages), id: idOf('messages', ...messages.map(({ id }) => id)), messages }
  const body = JSON.stringify(messages.length === 1 ? first : all)
  const headers = {
    'content-type': 'application/json',
    ...(secret && { [SIGNATURE_HEADER]: signatureOf(body, secret) }),
  }
  return { url, headers, body }
}
