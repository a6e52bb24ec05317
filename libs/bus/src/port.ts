import type { BucketSpec, ConsumerSpec, Decoder, StreamSpec, Subject } from '@kubewise/contracts'

/** What the server really accepted, where it differs from what was asked: an old server ignores fields without an error. */
export interface ProvisionReport {
  server: string
  differences: { what: string; wanted: unknown; got: unknown }[]
}

export interface PublishAck {
  stream: string
  seq: number
  /** The server had this message id already: the first publish stands, nothing was added. */
  isDuplicate: boolean
}

/** One message of a stream, decoded and validated. */
export interface Delivery<T> {
  subject: string
  seq: number
  /** When the server stored it, milliseconds since 1970. */
  storedMs: number
  /** 1 on the first delivery. */
  attempt: number
  id?: string
  headers: Record<string, string>
  body: T
  /** Durable consumption only: tells the server that work goes on, so that it does not deliver again. */
  working(): void
}

/** What becomes of a delivered message. `retry` counts against the consumer's attempts, `dead` goes to the dead letters at once. */
export type Disposition =
  | { do: 'ack' }
  | { do: 'retry'; afterMs: number; reason: string }
  | { do: 'dead'; reason: string }

export interface Consumption {
  /** Ends it: no new deliveries, the running handlers finish. */
  stop(): Promise<void>
  /** Rejects only when consumption can never go on (the bus was closed); reconnects and recreated streams are handled inside. */
  readonly done: Promise<void>
}

/** A stream's identity and extent, as the server tells it. */
export interface StreamState {
  /** When the stream was created: another value means another stream under the same name. */
  created: string
  firstSeq: number
  lastSeq: number
  messages: number
}

/**
 * A gap or replacement noticed while replaying; the reader decides what to forget. A gap whose `gotSeq` is below its
 * `wantedSeq`: the stream has lost its tail and uses its sequences again; what comes may be new under an old sequence.
 */
export type ReplayEvent = { kind: 'gap'; wantedSeq: number; gotSeq: number } | { kind: 'recreated'; created: string }

export interface ReplayOptions<T> {
  stream: string
  /** Subject filter; one, since a server before 2.10 takes one. */
  filter: string
  /** Sequence to start at, or only what comes from now on. */
  from: number | 'new'
  decode: Decoder<T>
  /** In order, one at a time. A throw stops the replay (`done` rejects): state must not skip a message. */
  handle(delivery: Delivery<T>): void | Promise<void>
  onEvent?(event: ReplayEvent): void | Promise<void>
}

export interface KeyValueEntry {
  key: string
  value: unknown
  revision: number
}

/** One bucket. Keys are plain tokens `[A-Za-z0-9_-]`; values JSON. Every call throws BusError when the server does not answer. */
export interface KeyValue {
  get(key: string): Promise<KeyValueEntry | undefined>
  put(key: string, value: unknown): Promise<number>
  /** @returns the revision, or undefined if the key exists */
  create(key: string, value: unknown): Promise<number | undefined>
  /** @returns the new revision, or undefined if the entry is not at `revision` any more */
  update(key: string, value: unknown, revision: number): Promise<number | undefined>
  delete(key: string): Promise<void>
  keys(): Promise<string[]>
}

/** NATS JetStream as the services see it. */
export interface Bus {
  /** Creates or updates streams and buckets; idempotent; safe from several processes at once. */
  provision(streams: readonly StreamSpec[], buckets: readonly BucketSpec[]): Promise<ProvisionReport>
  /** Stores a message and waits for the server's word. `id` makes a repeat within the stream's window harmless. */
  publish(
    subject: Subject,
    body: object,
    options?: { id?: string; headers?: Record<string, string> },
  ): Promise<PublishAck>
  /**
   * Durable, shared between processes, acknowledged by disposition. A body that does not decode is dead-lettered with
   * its errors; a handler that throws is retried with back-off up to the consumer's `maxAttempts`, then dead-lettered.
   */
  consume<T>(
    consumer: ConsumerSpec,
    decode: Decoder<T>,
    handle: (delivery: Delivery<T>, signal: AbortSignal) => Promise<Disposition>,
  ): Consumption
  /** Ordered, from a sequence, without acks: for readers that keep their own checkpoint. */
  replay<T>(options: ReplayOptions<T>): Consumption
  /**
   * Asks whoever answers this subject, once, without a record. For questions whose answer is of use only now.
   * @throws BusError `no-stream` where nobody answers, `timeout`, `invalid` for an answer that does not decode
   */
  ask<T>(subject: Subject, question: object, decode: Decoder<T>, timeoutMs: number): Promise<T>
  /**
   * Answers what is asked on a subject; of several processes one does. A question that does not decode, and a handler that
   * throws, are answered with an error, which is what `ask` then throws.
   */
  answer<Q>(subject: Subject, decode: Decoder<Q>, handle: (question: Q) => Promise<object>): Consumption
  streamState(stream: string): Promise<StreamState>
  kv(bucket: BucketSpec): Promise<KeyValue>
  /** Live, best effort: is the connection up at this moment? */
  isConnected(): boolean
  onStatus(listener: (status: 'connected' | 'disconnected' | 'closed') => void): void
  /** Ends consumptions, flushes, closes. */
  close(): Promise<void>
}
