import { nuid } from '@nats-io/transport-node'
import type { Consumer, ConsumerInfo, JsMsg } from '@nats-io/jetstream'
import { backoffMs, explain } from '@kubewise/service'
import { readerOf } from './consumer-config.ts'
import { read, storedMsOf } from './delivery.ts'
import { BusError } from './errors.ts'
import { deleteConsumer, isRewritten, streamInfo } from './guard.ts'
import { courseOf, eventOf, positionAt } from './position.ts'
import { checkFilter, checkName } from './subject.ts'
import type { ConsumeContext } from './consume.ts'
import type { Consumption, ReplayOptions } from './port.ts'

/** Between two looks whether the stream is still the one that is read. */
const GUARD_EVERY_MS = 10_000
const PULL_MS = 5000
const HEARTBEAT_MS = 1000
/** Messages asked for at once; batches of samples have some 25 kB, and there may be 64 readers in a process. */
const PULL_MESSAGES = 64
const LONG_MS = 60_000
const SERVER_BACKOFF = { firstMs: 100, maxMs: 5000 }

/** The reader's own code failed; nothing that this package could mend. */
class HandlerError extends Error {}

interface Reader {
  consumer: Consumer
  name: string
  /** Deliveries so far; the next one has this plus one, or some were lost on the way. */
  deliveries: number
  epoch: number
  checkedMs: number
}

/**
 * Reads a stream in order without acks. The consumer on the server is a throw-away: at any doubt (a heartbeat missed, a
 * delivery skipped, a connection made anew) it is left behind and another one made after the message handled last.
 */
export function replay<T>(context: ConsumeContext, options: ReplayOptions<T>): Consumption {
  const { stream, filter, decode } = options
  checkName(stream, 'stream')
  checkFilter(filter)
  const { link, figures } = context
  const ending = new AbortController()
  const position = positionAt(options.from)
  let reader: Reader | undefined

  /** Runs the reader's code, and tells its failures from the server's. */
  async function ask(task: () => void | Promise<void>): Promise<void> {
    try {
      await task()
    } catch (cause) {
      throw new HandlerError(explain(cause), { cause })
    }
  }

  const extentOf = async () => {
    const info = await streamInfo(link, stream)
    const { first_seq: firstSeq, last_seq: lastSeq } = info.state
    const isSame = position.created === info.created
    return {
      created: info.created,
      firstSeq,
      lastSeq,
      isRewritten: isSame && (await isRewritten(link, info, position.last)),
    }
  }

  async function open(): Promise<Reader> {
    const epoch = link.epoch()
    const extent = await extentOf()
    const course = courseOf(position, extent)
    const name = `replay-${nuid.next()}`
    const info = await link.call(`create reader of ${stream}`, () =>
      link.jsm.consumers.add(stream, readerOf(name, filter, course.start)),
    )
    const next = course.start.at === 'seq' ? course.start.seq : Math.max(extent.firstSeq, info.delivered.stream_seq + 1)
    const event = eventOf(course, extent.created, next)
    if (event) link.log.warn({ stream, filter, ...event }, 'stream is not what was read so far')
    if (event) await ask(() => options.onEvent?.(event))
    if (course.event) Object.assign(position, { covered: next - 1, last: undefined })
    else position.covered = Math.max(position.covered, next - 1)
    Object.assign(position, { next, created: extent.created })
    const consumer = link.js.consumers.getConsumerFromInfo(info)
    return { consumer, name, deliveries: 0, epoch, checkedMs: link.clock.monotonic() }
  }

  /** Whether the reader's stream is still there and the same; moves an idle reader's position on. */
  async function isSound(current: Reader): Promise<boolean> {
    const info = await streamInfo(link, stream)
    const { name } = current
    const consumer: ConsumerInfo = await link.call(`look up reader of ${stream}`, () =>
      link.jsm.consumers.info(stream, name),
    )
    current.checkedMs = link.clock.monotonic()
    const { first_seq: firstSeq, last_seq: lastSeq } = info.state
    if (info.created !== position.created || lastSeq < position.covered) return false
    const isIdle = consumer.num_pending === 0 && consumer.delivered.consumer_seq === current.deliveries
    if (isIdle) position.covered = lastSeq
    return firstSeq <= position.covered + 1
  }

  async function current(): Promise<Reader> {
    const isFresh = reader?.epoch === link.epoch()
    const isDue = reader && link.clock.monotonic() - reader.checkedMs >= GUARD_EVERY_MS
    if (reader && isFresh && (!isDue || (await isSound(reader)))) return reader
    await leave()
    reader = await open()
    return reader
  }

  /** The server would forget it by itself, only later. */
  async function leave() {
    const name = reader?.name
    reader = undefined
    if (name !== undefined && link.isConnected()) await deleteConsumer(link, stream, name).catch(() => undefined)
  }

  async function bury(message: JsMsg, reason: string) {
    const { subject, seq, data } = message
    figures.consumed(subject, 'undecodable')
    const death = { stream, consumer: 'replay', seq, subject, attempts: 1, storedMs: storedMsOf(message), body: data }
    // The reader goes on: a stream of dead letters that is full must not stop detection. The message stays in its stream.
    await context.bury({ ...death, code: 'undecodable', reason }).catch((error: unknown) => {
      link.log.error({ stream, seq, reason, say: explain(error) }, 'dead letter could not be kept')
    })
  }

  async function take(message: JsMsg) {
    const reading = read(message, decode)
    if (reading.ok) {
      await ask(() => options.handle(reading.delivery))
      figures.consumed(message.subject, 'handled')
    } else await bury(message, reading.reason)
    position.last = { seq: message.seq, storedMs: storedMsOf(message) }
    position.next = message.seq + 1
    position.covered = Math.max(position.covered, message.seq)
  }

  async function pull(from: Reader) {
    const messages = await from.consumer.fetch({
      max_messages: PULL_MESSAGES,
      expires: PULL_MS,
      idle_heartbeat: HEARTBEAT_MS,
    })
    const stop = () => messages.stop()
    const unlisten = link.onStatus(stop)
    ending.signal.addEventListener('abort', stop)
    if (ending.signal.aborted || !link.isConnected()) stop()
    try {
      for await (const message of messages) {
        if (ending.signal.aborted) return
        if (message.info.deliverySequence !== ++from.deliveries)
          throw new BusError('timeout', `${stream}: delivery ${from.deliveries} was lost on the way`)
        await take(message)
      }
    } finally {
      unlisten()
      ending.signal.removeEventListener('abort', stop)
    }
  }

  async function turn(failures: number): Promise<number> {
    try {
      await pull(await current())
      return 0
    } catch (error) {
      if (error instanceof HandlerError) throw error.cause
      await leave()
      const say = explain(error)
      if (failures === 1) link.log.warn({ stream, filter, say }, 'replay is interrupted, trying until it goes on')
      else link.log.debug({ stream, filter, say }, 'replay is interrupted')
      if (error instanceof BusError && error.code === 'no-stream') await context.mend().catch(() => undefined)
      const rest = link.clock.sleep(
        backoffMs(failures + 1, SERVER_BACKOFF),
        AbortSignal.any([ending.signal, link.closed]),
      )
      await rest.catch(() => undefined)
      return failures + 1
    }
  }

  async function follow(): Promise<void> {
    let failures = 0
    while (!ending.signal.aborted) {
      if (link.closed.aborted) throw new BusError('closed', `replay of ${stream}: the bus was closed`)
      if (await link.untilConnected(LONG_MS, ending.signal)) failures = await turn(failures)
    }
  }

  async function run(): Promise<void> {
    try {
      await follow()
    } finally {
      await leave()
    }
  }

  const done = run()
  done.catch((error: unknown) => link.log.error({ stream, filter, err: error }, 'replay has ended'))
  return {
    done,
    async stop() {
      ending.abort()
      await done.catch(() => undefined)
    },
  }
}
