import type { ConsumerInfo, JsMsg } from '@nats-io/jetstream'
import type { ConsumerSpec, Decoder } from '@kubewise/contracts'
import { backoffMs, BreakerOpenError, explain } from '@kubewise/service'
import { read, storedMsOf } from './delivery.ts'
import { BusError } from './errors.ts'
import { ensureConsumer, type ConsumerMemory } from './guard.ts'
import { keepAlive, type Life } from './heartbeat.ts'
import { createSlots } from './slots.ts'
import { checkFilter, checkName } from './subject.ts'
import type { Bury } from './dead-letters.ts'
import type { DeathCode, Figures } from './figures.ts'
import type { Link } from './link.ts'
import type { Consumption, Delivery, Disposition } from './port.ts'

/** What a consumption needs of the bus. */
export interface ConsumeContext {
  link: Link
  figures: Figures
  bury: Bury
  /** Creates again what was provisioned and is gone. */
  mend(): Promise<void>
}

export type Handle<T> = (delivery: Delivery<T>, signal: AbortSignal) => Promise<Disposition>

/** Between two looks whether the consumer still fits its stream. */
const GUARD_EVERY_MS = 10_000
/** A pull ends after this; a server that dies takes its pulls with it (nats.go#1729). */
const PULL_MS = 5000
const HEARTBEAT_MS = 1000
const LONG_MS = 60_000
const BURIAL_RETRY_MS = 5000

const HANDLER_BACKOFF = { firstMs: 500, maxMs: 30_000 }
const SERVER_BACKOFF = { firstMs: 200, maxMs: 5000 }

/** How long an open circuit asks to stay away: attempts that cost nothing must not use up those that a message has. */
const restOf = (error: unknown): number => {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof BreakerOpenError ? cause.retryAfterMs : 0
}

/** Runs one message through decoding, handler and settlement. Never throws. */
function createWorker<T>(
  context: ConsumeContext,
  spec: ConsumerSpec,
  decode: Decoder<T>,
  handle: Handle<T>,
  ending: AbortSignal,
) {
  const { link, figures, bury } = context
  const running = new Set<Life>()
  for (const signal of [ending, link.closed])
    signal.addEventListener('abort', () => running.forEach((life) => life.abort(signal.reason)))

  /** Puts the message aside, and only then tells the server to forget it. */
  async function die(message: JsMsg, code: DeathCode, reason: string): Promise<void> {
    const { subject, seq, info, data } = message
    const { stream, durable: consumer } = spec
    try {
      const storedMs = storedMsOf(message)
      await bury({ stream, consumer, seq, subject, attempts: info.deliveryCount, storedMs, body: data, code, reason })
      message.term()
      figures.consumed(subject, code === 'undecodable' ? 'undecodable' : 'dead')
    } catch (error) {
      link.log.error(
        { stream, consumer, seq, reason, say: explain(error) },
        'dead letter could not be kept, trying again',
      )
      message.nak(BURIAL_RETRY_MS)
    }
  }

  function settle(message: JsMsg, disposition: Disposition): Promise<void> | void {
    if (disposition.do === 'dead') return die(message, 'refused', disposition.reason)
    if (disposition.do === 'ack') {
      message.ack()
      figures.consumed(message.subject, 'handled')
      return
    }
    const attempt = message.info.deliveryCount
    if (attempt >= spec.maxAttempts)
      return die(message, 'attempts', `failed ${attempt} times, last: ${disposition.reason}`)
    message.nak(disposition.afterMs)
    figures.consumed(message.subject, 'retried')
    const { stream, durable: consumer } = spec
    link.log.debug({ stream, consumer, seq: message.seq, attempt, ...disposition }, 'message will be tried again')
  }

  async function judge(message: JsMsg, delivery: Delivery<T>): Promise<Disposition> {
    const life = keepAlive(link.clock, spec.ackWaitMs, () => message.working())
    running.add(life)
    const working = () => {
      life.renew()
      message.working()
    }
    try {
      return await handle({ ...delivery, working }, life.signal)
    } catch (error) {
      const { stream, durable: consumer } = spec
      const { attempt, seq } = delivery
      link.log.warn({ stream, consumer, seq, attempt, err: error }, 'handler failed')
      const afterMs = Math.max(backoffMs(attempt, HANDLER_BACKOFF), restOf(error))
      return { do: 'retry', afterMs, reason: explain(error) }
    } finally {
      running.delete(life)
      life.end()
    }
  }

  return async (message: JsMsg): Promise<void> => {
    try {
      const attempt = message.info.deliveryCount
      if (attempt > spec.maxAttempts) {
        await die(message, 'attempts', `delivered ${attempt - 1} times and never settled`)
        return
      }
      const reading = read(message, decode)
      await (reading.ok
        ? settle(message, await judge(message, reading.delivery))
        : die(message, 'undecodable', reading.reason))
    } catch (error) {
      // Settling failed: the connection is closed, or the message is not what it seems. The server delivers it again.
      link.log.warn(
        { stream: spec.stream, consumer: spec.durable, say: explain(error) },
        'message could not be settled',
      )
    }
  }
}

/**
 * Durable consumption: takes from the server only as many messages as there are free hands, so that none waits here
 * while its ack time runs out, and other processes get the rest.
 */
export function consume<T>(
  context: ConsumeContext,
  spec: ConsumerSpec,
  decode: Decoder<T>,
  handle: Handle<T>,
): Consumption {
  checkName(spec.durable, 'consumer')
  checkName(spec.stream, 'stream')
  if (spec.filter !== undefined) checkFilter(spec.filter)
  const { link } = context
  const ending = new AbortController()
  const slots = createSlots(Math.max(1, spec.parallel))
  const memory: ConsumerMemory = { ackFloor: 0 }
  const work = createWorker(context, spec, decode, handle, ending.signal)
  let known: { consumer: ConsumerInfo; epoch: number; checkedMs: number } | undefined

  async function check(): Promise<ConsumerInfo> {
    const epoch = link.epoch()
    if (known?.epoch === epoch && link.clock.monotonic() - known.checkedMs < GUARD_EVERY_MS) return known.consumer
    const consumer = await ensureConsumer(link, spec, memory, known?.epoch !== epoch)
    known = { consumer, epoch, checkedMs: link.clock.monotonic() }
    return consumer
  }

  async function start(message: JsMsg) {
    await slots.take()
    if (message.seq >= (memory.last?.seq ?? 0)) memory.last = { seq: message.seq, storedMs: storedMsOf(message) }
    void work(message).finally(() => slots.give())
  }

  async function pull(info: ConsumerInfo) {
    const consumer = link.js.consumers.getConsumerFromInfo(info)
    const messages = await consumer.fetch({
      max_messages: slots.free(),
      expires: PULL_MS,
      idle_heartbeat: HEARTBEAT_MS,
    })
    const stop = () => messages.stop()
    const unlisten = link.onStatus(stop)
    ending.signal.addEventListener('abort', stop)
    if (ending.signal.aborted || !link.isConnected()) stop()
    try {
      for await (const message of messages) await (ending.signal.aborted ? message.nak() : start(message))
    } finally {
      unlisten()
      ending.signal.removeEventListener('abort', stop)
    }
  }

  /** One look and one pull; a failure only means to look again. */
  async function turn(failures: number): Promise<number> {
    try {
      await pull(await check())
      return 0
    } catch (error) {
      known = undefined
      const say = explain(error)
      const fields = { stream: spec.stream, consumer: spec.durable, say }
      if (failures === 1) link.log.warn(fields, 'consumption is interrupted, trying until it goes on')
      else link.log.debug(fields, 'consumption is interrupted')
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
      if (link.closed.aborted) throw new BusError('closed', `consumption of ${spec.stream}: the bus was closed`)
      await slots.whenFree()
      if (await link.untilConnected(LONG_MS, ending.signal)) failures = await turn(failures)
    }
  }

  async function run(): Promise<void> {
    try {
      await follow()
    } finally {
      await slots.whenIdle()
    }
  }

  const done = run()
  // Who does not look at the end must not die of it.
  done.catch((error: unknown) => link.log.error({ say: explain(error) }, 'consumption has ended'))
  return {
    done,
    async stop() {
      ending.abort()
      await done.catch(() => undefined)
    },
  }
}
