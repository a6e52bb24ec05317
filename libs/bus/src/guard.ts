import type { ConsumerInfo, StreamInfo } from '@nats-io/jetstream'
import type { ConsumerSpec } from '@kubewise/contracts'
import { explain } from '@kubewise/service'
import { changeableOf, durableOf, type StartAt } from './consumer-config.ts'
import { apiCodeOf, BusError } from './errors.ts'
import { differencesOf } from './stream-config.ts'
import type { Link } from './link.ts'

/**
 * What a process remembers of a consumer, so that it notices when the server remembers otherwise. Servers lose acked
 * messages on power loss, and their consumers can then be ahead of the stream: new messages that get the lost sequences
 * are never delivered and nothing shows it (nats-server#5412, #7693; repaired by the server itself from 2.14).
 */
export interface ConsumerMemory {
  /** Of the stream; another value is another stream. */
  created?: string
  /** All up to here was settled. */
  ackFloor: number
  /** The message delivered last. */
  last?: { seq: number; storedMs: number }
}

const CONSUMER_NOT_FOUND = 10014

/** Whether the server's consumer has delivered more than its stream ever held. Ask for the consumer first, then the stream. */
export function isAhead(consumer: Pick<ConsumerInfo, 'delivered'>, stream: Pick<StreamInfo, 'state'>): boolean {
  return consumer.delivered.stream_seq > stream.state.last_seq
}

/**
 * Where a consumer that the server has lost begins again: after what is known to be settled. A duplicate is allowed,
 * silence is not.
 */
export function startAfterLoss(spec: ConsumerSpec, memory: ConsumerMemory, created: string): StartAt {
  if (memory.created === undefined) return { at: spec.startAt }
  return memory.created === created ? { at: 'seq', seq: memory.ackFloor + 1 } : { at: 'first' }
}

/**
 * Where a consumer begins again whose stream has lost its tail. What was stored after the last delivery is new; who was
 * not there to see that delivery, or leaves messages unsettled behind it, reads all there is once more.
 */
export function startAfterRegression(
  spec: ConsumerSpec,
  memory: ConsumerMemory,
  consumer: Pick<ConsumerInfo, 'ack_floor' | 'delivered'> | undefined,
  lastSeq: number,
): StartAt {
  const isAllSettled = consumer !== undefined && consumer.ack_floor.stream_seq >= consumer.delivered.stream_seq
  if (isAllSettled && memory.last) return { at: 'time', timeMs: memory.last.storedMs }
  return spec.startAt === 'new' ? { at: 'seq', seq: lastSeq + 1 } : { at: 'first' }
}

/** Whether the message that was delivered last is another one now: the tail was lost and its sequences were used again. */
export async function isRewritten(
  link: Link,
  stream: StreamInfo,
  last: { seq: number; storedMs: number } | undefined,
): Promise<boolean> {
  if (!last || last.seq > stream.state.last_seq || last.seq < stream.state.first_seq) return false
  const { name } = stream.config
  const message = await link.call(`read ${name} ${last.seq}`, () =>
    link.jsm.streams.getMessage(name, { seq: last.seq }),
  )
  return message !== null && Math.abs(message.time.getTime() - last.storedMs) > 1
}

export const streamInfo = (link: Link, stream: string): Promise<StreamInfo> =>
  link.call(`look up stream ${stream}`, () => link.jsm.streams.info(stream))

/** @returns undefined if there is none */
export async function consumerInfo(link: Link, stream: string, name: string): Promise<ConsumerInfo | undefined> {
  try {
    return await link.call(`look up consumer ${name} of ${stream}`, () => link.jsm.consumers.info(stream, name))
  } catch (error) {
    if (apiCodeOf(error) === CONSUMER_NOT_FOUND) return undefined
    throw error
  }
}

export async function deleteConsumer(link: Link, stream: string, name: string): Promise<void> {
  try {
    await link.call(`delete consumer ${name} of ${stream}`, () => link.jsm.consumers.delete(stream, name))
  } catch (error) {
    if (apiCodeOf(error) !== CONSUMER_NOT_FOUND) throw error
  }
}

/** Creates it, or takes the one that another process made in the meantime. */
async function create(link: Link, spec: ConsumerSpec, start: StartAt): Promise<ConsumerInfo> {
  const doing = `create consumer ${spec.durable} of ${spec.stream}`
  try {
    return await link.call(doing, () => link.jsm.consumers.add(spec.stream, durableOf(spec, start)))
  } catch (error) {
    const other = apiCodeOf(error) === undefined ? undefined : await consumerInfo(link, spec.stream, spec.durable)
    if (!other) throw error
    return other
  }
}

async function update(link: Link, spec: ConsumerSpec, consumer: ConsumerInfo): Promise<ConsumerInfo> {
  const differences = differencesOf(changeableOf(spec), consumer.config)
  if (differences.length === 0) return consumer
  const { stream, durable } = spec
  try {
    const doing = `update consumer ${durable} of ${stream}`
    return await link.call(doing, () => link.jsm.consumers.update(stream, durable, changeableOf(spec)))
  } catch (error) {
    if (!(error instanceof BusError && error.code === 'refused')) throw error
    link.log.warn(
      { stream, consumer: durable, differences, say: explain(error) },
      'consumer differs from what is wanted',
    )
    return consumer
  }
}

/** Why the consumer cannot be trusted any more, as a phrase; undefined if it can. */
async function regressionOf(
  link: Link,
  consumer: ConsumerInfo | undefined,
  stream: StreamInfo,
  memory: ConsumerMemory,
  isReconnected: boolean,
): Promise<string | undefined> {
  const lastSeq = stream.state.last_seq
  if (consumer && isAhead(consumer, stream))
    return `it has delivered ${consumer.delivered.stream_seq}, the stream ends at ${lastSeq}`
  if (memory.created !== stream.created) return undefined
  if (memory.ackFloor > lastSeq) return `${memory.ackFloor} was settled, the stream ends at ${lastSeq}`
  return isReconnected && (await isRewritten(link, stream, memory.last))
    ? `${memory.last?.seq} was delivered and is another message now`
    : undefined
}

/**
 * Makes sure that the durable consumer exists, is configured as wanted and will deliver what its stream holds.
 *
 * @param isReconnected look also whether the stream was rewritten under the consumer, which takes one request more
 * @throws BusError, `no-stream` where the stream is gone
 */
export async function ensureConsumer(
  link: Link,
  spec: ConsumerSpec,
  memory: ConsumerMemory,
  isReconnected: boolean,
): Promise<ConsumerInfo> {
  const names = { stream: spec.stream, consumer: spec.durable }
  // In this order: a stream that grows in between is never behind an older look at the consumer.
  let consumer = await consumerInfo(link, spec.stream, spec.durable)
  const stream = await streamInfo(link, spec.stream)
  if (memory.created !== stream.created) delete memory.last
  const regression = await regressionOf(link, consumer, stream, memory, isReconnected)
  if (regression !== undefined) {
    const start = startAfterRegression(spec, memory, consumer, stream.state.last_seq)
    link.log.warn({ ...names, start, why: regression }, 'stream has lost its tail, consumer is made anew')
    delete memory.last
    await deleteConsumer(link, spec.stream, spec.durable)
    consumer = await create(link, spec, start)
  } else if (consumer) consumer = await update(link, spec, consumer)
  else {
    const start = startAfterLoss(spec, memory, stream.created)
    if (memory.created !== undefined) link.log.warn({ ...names, start }, 'consumer was gone and is made anew')
    consumer = await create(link, spec, start)
  }
  memory.created = stream.created
  memory.ackFloor = consumer.ack_floor.stream_seq
  return consumer
}
