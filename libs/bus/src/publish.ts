import { headers as createHeaders, type MsgHdrs } from '@nats-io/transport-node'
import type { PubAck } from '@nats-io/jetstream'
import type { Subject } from '@kubewise/contracts'
import { asBusError, BusError } from './errors.ts'
import { createSlots } from './slots.ts'
import { checkSubject } from './subject.ts'
import type { Figures } from './figures.ts'
import type { Link } from './link.ts'
import type { Bus, PublishAck } from './port.ts'

/** Publishes that wait for the server's word at the same time; the next one waits in line. */
const MOST_IN_FLIGHT = 512
const ENVELOPE_BYTES = 2048

export interface Publisher {
  publish: Bus['publish']
  /** Resolves when nothing is in flight. */
  whenIdle(): Promise<void>
}

export interface PublishOptions {
  id?: string
  headers?: Record<string, string>
}

/** @throws BusError `invalid` for what JSON cannot hold, or is too large for the server */
export function encode(subject: string, body: object, mostBytes: number): Buffer {
  let text: string
  try {
    text = JSON.stringify(body)
  } catch (error) {
    throw new BusError('invalid', `publish to ${subject}: expected a body that JSON can hold`, { cause: error })
  }
  const bytes = Buffer.from(text)
  if (bytes.length > mostBytes - ENVELOPE_BYTES)
    throw new BusError(
      'invalid',
      `publish to ${subject}: expected at most ${mostBytes - ENVELOPE_BYTES} bytes, got ${bytes.length}`,
    )
  return bytes
}

/** The client refuses line breaks in values and all but printable ASCII in names; it trims values. */
function encodeHeaders(subject: string, given: Record<string, string>): MsgHdrs {
  const headers = createHeaders()
  try {
    for (const [name, value] of Object.entries(given)) headers.set(name, value)
  } catch (error) {
    throw new BusError('invalid', `publish to ${subject}: expected header values without line breaks`, { cause: error })
  }
  return headers
}

export const DEFAULT_MAX_PAYLOAD = 1024 ** 2

/** @param onNoStream told when no stream takes a subject, so that a deleted stream is made again at once */
export function createPublisher(link: Link, figures: Figures, onNoStream: () => void): Publisher {
  const window = createSlots(MOST_IN_FLIGHT)

  async function send(subject: string, body: object, { id, headers = {} }: PublishOptions): Promise<PubAck> {
    checkSubject(subject)
    const bytes = encode(subject, body, link.nc.info?.max_payload ?? DEFAULT_MAX_PAYLOAD)
    const options = { headers: encodeHeaders(subject, id === undefined ? headers : { ...headers, 'Nats-Msg-Id': id }) }
    await window.take()
    try {
      return await link.call(`publish to ${subject}`, () => link.js.publish(subject, bytes, options))
    } finally {
      window.give()
    }
  }

  async function publish(subject: Subject, body: object, options: PublishOptions = {}): Promise<PublishAck> {
    try {
      const ack = await send(subject, body, options)
      figures.published(subject, ack.duplicate ? 'duplicate' : 'stored')
      return { stream: ack.stream, seq: ack.seq, isDuplicate: ack.duplicate }
    } catch (cause) {
      const error = asBusError(`publish to ${subject}`, cause)
      figures.published(String(subject), error.code)
      if (error.code === 'no-stream') onNoStream()
      throw error
    }
  }

  return { publish, whenIdle: () => window.whenIdle() }
}
