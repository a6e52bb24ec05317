import type { JsMsg } from '@nats-io/jetstream'
import type { Decoder } from '@kubewise/contracts'
import { explain } from '@kubewise/service'
import type { Delivery } from './port.ts'

/** A message read, or every reason why it cannot be. */
export type Reading<T> = { ok: true; delivery: Delivery<T> } | { ok: false; reason: string }

const MESSAGE_ID = 'Nats-Msg-Id'
const LONGEST_REASON = 1000

function headersOf(message: JsMsg): Record<string, string> {
  const headers: Record<string, string> = {}
  if (message.headers) for (const [name, values] of message.headers) headers[name] = values[0] ?? ''
  return headers
}

const NANOS_PER_MS = 1_000_000n

/** When the server stored it. The nanoseconds are more than a number can hold exactly. */
export const storedMsOf = (message: JsMsg): number => Number(message.timestampNanos / NANOS_PER_MS)

const textOf = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')

function parse(message: JsMsg): { value: unknown } | { reason: string } {
  try {
    return { value: JSON.parse(textOf(message.data)) as unknown }
  } catch (error) {
    return { reason: `expected JSON: ${explain(error)}` }
  }
}

/** Parses, validates and dresses a message. Never throws, whatever the bytes are. */
export function read<T>(message: JsMsg, decode: Decoder<T>): Reading<T> {
  const parsed = parse(message)
  if ('reason' in parsed) return { ok: false, reason: parsed.reason.slice(0, LONGEST_REASON) }
  const decoded = decode(parsed.value)
  if (!decoded.ok) return { ok: false, reason: decoded.errors.join('; ').slice(0, LONGEST_REASON) }
  const headers = headersOf(message)
  const id = headers[MESSAGE_ID]
  const { info, subject, seq } = message
  return {
    ok: true,
    delivery: {
      subject,
      seq,
      storedMs: storedMsOf(message),
      attempt: info.deliveryCount,
      ...(id === undefined ? {} : { id }),
      headers,
      body: decoded.value,
      working: () => message.working(),
    },
  }
}
