import type { Decoder, Subject } from '@kubewise/contracts'
import { explain } from '@kubewise/service'
import type { Msg } from '@nats-io/transport-node'
import { BusError } from './errors.ts'
import type { Link } from './link.ts'
import type { Consumption } from './port.ts'
import { DEFAULT_MAX_PAYLOAD, encode } from './publish.ts'
import { checkSubject } from './subject.ts'

/** One of all who answer a subject gets a question. */
const QUEUE = 'answers'
const LONGEST_ERROR = 500

/** What goes over the wire: an answer, or why there is none. */
type Reply = { answer: unknown } | { error: string }

function readJson(message: Msg): unknown {
  try {
    return message.json()
  } catch (error) {
    throw new BusError('invalid', `expected JSON: ${explain(error)}`, { cause: error })
  }
}

function decoded<T>(decode: Decoder<T>, value: unknown, what: string): T {
  const result = decode(value)
  if (result.ok) return result.value
  throw new BusError('invalid', `${what}: ${result.errors.join('; ')}`.slice(0, LONGEST_ERROR))
}

/** @see Bus.ask */
export async function ask<T>(
  link: Link,
  subject: Subject,
  question: object,
  decode: Decoder<T>,
  timeoutMs: number,
): Promise<T> {
  checkSubject(subject)
  const bytes = encode(subject, question, link.nc.info?.max_payload ?? DEFAULT_MAX_PAYLOAD)
  const message = await link.call(`ask ${subject}`, () => link.nc.request(subject, bytes, { timeout: timeoutMs }))
  const reply = readJson(message) as Partial<Record<'answer' | 'error', unknown>> | null
  if (typeof reply?.error === 'string') throw new BusError('refused', `ask ${subject}: ${reply.error}`)
  return decoded(decode, reply?.answer, `answer to ${subject}`)
}

/** @see Bus.answer */
export function answer<Q>(
  link: Link,
  subject: Subject,
  decode: Decoder<Q>,
  handle: (question: Q) => Promise<object>,
): Consumption {
  checkSubject(subject)
  const running = new Set<Promise<void>>()
  const subscription = link.nc.subscribe(subject, { queue: QUEUE })

  async function replyOf(message: Msg): Promise<Reply> {
    try {
      return { answer: await handle(decoded(decode, readJson(message), 'question')) }
    } catch (error) {
      return { error: explain(error).slice(0, LONGEST_ERROR) }
    }
  }

  async function respond(message: Msg): Promise<void> {
    const reply = await replyOf(message)
    try {
      message.respond(encode(subject, reply, link.nc.info?.max_payload ?? DEFAULT_MAX_PAYLOAD))
    } catch (error) {
      link.log.warn({ subject, say: explain(error) }, 'an answer could not be sent')
    }
  }

  async function serve(): Promise<void> {
    for await (const message of subscription) {
      const one = respond(message)
      running.add(one)
      void one.finally(() => running.delete(one))
    }
  }

  const done = serve()
  return {
    async stop() {
      subscription.unsubscribe()
      await Promise.all(running)
    },
    done,
  }
}
