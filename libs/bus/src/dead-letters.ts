import { isUtf8 } from 'node:buffer'
import { idOf, STREAMS, subjects, type ConsumerSpec, type DeadLetter, type Decoder } from '@kubewise/contracts'
import { BusError } from './errors.ts'
import { clusterOf } from './subject.ts'
import { HOUSE_MARK } from './consumer-config.ts'
import type { DeathCode, Figures } from './figures.ts'
import type { Link } from './link.ts'
import type { Publisher } from './publish.ts'
import type { Delivery, Disposition } from './port.ts'

/** What there is to say of a message that nobody could work on. */
export interface Death {
  stream: string
  consumer: string
  seq: number
  subject: string
  attempts: number
  /** When the server stored the message; tells it from another of the same sequence in a stream made anew. */
  storedMs: number
  body: Uint8Array
  code: DeathCode
  reason: string
}

// JSON may need six bytes for one; the letter must fit the server's limit for a message, 1 MiB unless told.
const LONGEST_BODY = 128 * 1024

/** Keeps a message aside, with the reason, in the stream of dead letters. Repeats of one death are one letter. */
export type Bury = (death: Death) => Promise<void>

function bodyText(body: Uint8Array): string {
  const kept = Buffer.from(body.buffer, body.byteOffset, Math.min(body.byteLength, LONGEST_BODY))
  return isUtf8(body) ? kept.toString('utf8') : kept.toString('base64')
}

const reasonOf = ({ reason, body }: Death) =>
  body.byteLength > LONGEST_BODY ? `${reason} (body cut, it had ${body.byteLength} bytes)` : reason || 'no reason given'

export function createBury(link: Link, publisher: Publisher, figures: Figures): Bury {
  return async (death) => {
    const { stream, consumer, seq, subject, attempts, storedMs, code } = death
    const letter: DeadLetter = {
      kind: 'dead-letter',
      stream,
      consumer,
      seq,
      subject,
      reason: reasonOf(death),
      attempts,
      diedMs: link.clock.now(),
      body: bodyText(death.body),
    }
    const id = idOf('dead-letter', stream, consumer, seq, storedMs)
    const ack = await publisher.publish(subjects.dead(clusterOf(subject), stream), letter, { id })
    if (!ack.isDuplicate) figures.died(stream, code)
    link.log.warn({ stream, consumer, seq, subject, code, reason: letter.reason }, 'message became a dead letter')
  }
}

/**
 * The backstop: a message that the server gave up on before the application did (its handler's process died each time)
 * leaves only an advisory. One shared consumer reads these and keeps the message aside.
 */
export const UNDELIVERED: ConsumerSpec = {
  stream: STREAMS.advisories.name,
  durable: 'dead-letters',
  filter: '$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>',
  maxAttempts: 20,
  ackWaitMs: 30_000,
  parallel: 4,
  startAt: 'first',
}

interface Advisory {
  stream: string
  consumer: string
  stream_seq: number
  deliveries: number
}

/** What the server says when it stops to deliver a message (io.nats.jetstream.advisory.v1.max_deliver). */
export const decodeAdvisory: Decoder<Advisory> = (value) => {
  const advisory = value as Partial<Advisory> | null
  const isAdvisory =
    typeof advisory?.stream === 'string' &&
    typeof advisory.consumer === 'string' &&
    Number.isSafeInteger(advisory.stream_seq) &&
    Number.isSafeInteger(advisory.deliveries)
  return isAdvisory
    ? { ok: true, value: advisory as Advisory }
    : { ok: false, errors: ['expected an advisory with stream, consumer, stream_seq and deliveries'] }
}

/** Only KubeWise's own consumers: what outsiders do with theirs is theirs. */
async function isOurs(link: Link, { stream, consumer }: Advisory): Promise<boolean> {
  try {
    const info = await link.call(`look up consumer ${consumer}`, () => link.jsm.consumers.info(stream, consumer))
    return info.config.description === HOUSE_MARK
  } catch (error) {
    if (error instanceof BusError && (error.code === 'no-stream' || error.code === 'refused')) return false
    throw error
  }
}

const EMPTY = new Uint8Array(0)

/** The handler of {@link UNDELIVERED}. */
export function buryUndelivered(link: Link, bury: Bury) {
  return async ({ body: advisory }: Delivery<Advisory>): Promise<Disposition> => {
    const { stream, consumer, stream_seq: seq, deliveries: attempts } = advisory
    const isOwnTrouble = stream === STREAMS.advisories.name || stream === STREAMS.dead.name
    if (isOwnTrouble || !(await isOurs(link, advisory))) return { do: 'ack' }
    const message = await link.call(`read ${stream} ${seq}`, () => link.jsm.streams.getMessage(stream, { seq }))
    await bury({
      stream,
      consumer,
      seq,
      subject: message?.subject ?? '',
      attempts,
      storedMs: message?.time.getTime() ?? 0,
      body: message?.data ?? EMPTY,
      code: 'server-limit',
      reason: `delivered ${attempts} times and never settled${message ? '' : '; the stream does not hold it any more'}`,
    })
    return { do: 'ack' }
  }
}
