import {
  AckPolicy,
  DeliverPolicy,
  ReplayPolicy,
  type ConsumerConfig,
  type ConsumerUpdateConfig,
} from '@nats-io/jetstream'
import { nanos } from '@nats-io/transport-node'
import type { ConsumerSpec } from '@kubewise/contracts'

/** Where a consumer is to begin: `timeMs` with what was stored at or after that moment. */
export type StartAt = { at: 'first' } | { at: 'new' } | { at: 'seq'; seq: number } | { at: 'time'; timeMs: number }

/** The description that tells the house's consumers from outsiders'. */
export const HOUSE_MARK = 'kubewise'

/** Deliveries beyond the application's own limit before the server gives up; reached only if nobody can settle at all. */
const SERVER_MARGIN = 5

// What rests after a failure counts as pending too (nats-server#6093): few would block all. Processes bound themselves
// by asking for no more than they have free hands.
const MOST_PENDING = 1000

export function startOf(start: StartAt): Partial<ConsumerConfig> {
  if (start.at === 'first') return { deliver_policy: DeliverPolicy.All }
  if (start.at === 'new') return { deliver_policy: DeliverPolicy.New }
  if (start.at === 'seq') return { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: Math.max(1, start.seq) }
  return { deliver_policy: DeliverPolicy.StartTime, opt_start_time: new Date(start.timeMs).toISOString() }
}

/** The part of a durable consumer's configuration that may change during its life. */
export function changeableOf(spec: ConsumerSpec): Partial<ConsumerUpdateConfig> {
  return {
    description: HOUSE_MARK,
    ack_wait: nanos(spec.ackWaitMs),
    max_deliver: spec.maxAttempts + SERVER_MARGIN,
    max_ack_pending: MOST_PENDING,
    ...(spec.filter === undefined ? {} : { filter_subject: spec.filter }),
  }
}

export function durableOf(spec: ConsumerSpec, start: StartAt): Partial<ConsumerConfig> {
  return {
    durable_name: spec.durable,
    ack_policy: AckPolicy.Explicit,
    replay_policy: ReplayPolicy.Instant,
    ...changeableOf(spec),
    ...startOf(start),
  }
}

/** How long the server keeps a reader that is gone. */
const ORPHAN_MS = 60_000

/** A reader without memory on the server: no acks, kept in memory, gone soon after its process. */
export function readerOf(name: string, filter: string, start: StartAt): Partial<ConsumerConfig> {
  return {
    name,
    description: HOUSE_MARK,
    filter_subject: filter,
    ack_policy: AckPolicy.None,
    replay_policy: ReplayPolicy.Instant,
    inactive_threshold: nanos(ORPHAN_MS),
    mem_storage: true,
    num_replicas: 1,
    ...startOf(start),
  }
}
