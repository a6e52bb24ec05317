/**
 * Streams, consumers and buckets as data: what the bus provisions, what the documentation is made from.
 * Limits retention everywhere, since outsiders subscribe too (docs/adr/0002-log-and-record.md).
 */
export interface StreamSpec {
  name: string
  subjects: readonly string[]
  maxAgeMs: number
  maxBytes: number
  /** Window in which a repeated message id is recognised. */
  duplicateWindowMs: number
  /** Keep only this many of each subject. */
  maxMessagesPerSubject?: number
}

export interface ConsumerSpec {
  stream: string
  durable: string
  /** Subject filter within the stream; all of it where absent. */
  filter?: string
  /** Deliveries of one message before it becomes a dead letter. */
  maxAttempts: number
  /** How long a handler may stay silent before the server delivers again. */
  ackWaitMs: number
  /** Handlers at the same time. */
  parallel: number
  /** Where a consumer that does not exist yet begins. */
  startAt: 'first' | 'new'
}

export interface BucketSpec {
  name: string
  history: number
  /** Entries vanish after this long without an update. */
  ttlMs?: number
}

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const MIB = 1024 ** 2

const ANY_CLUSTER = 'kubewise.v1.*'

export const STREAMS = {
  signals: {
    name: 'SIGNALS',
    subjects: [`${ANY_CLUSTER}.in.>`],
    maxAgeMs: HOUR,
    maxBytes: 2048 * MIB,
    duplicateWindowMs: 30 * SECOND,
  },
  anomalies: {
    name: 'ANOMALIES',
    subjects: [`${ANY_CLUSTER}.anomaly.>`],
    maxAgeMs: DAY,
    maxBytes: 512 * MIB,
    duplicateWindowMs: 10 * MINUTE,
  },
  incidents: {
    name: 'INCIDENTS',
    subjects: [`${ANY_CLUSTER}.incident.>`],
    maxAgeMs: DAY,
    maxBytes: 256 * MIB,
    duplicateWindowMs: 10 * MINUTE,
  },
  plans: {
    name: 'PLANS',
    subjects: [`${ANY_CLUSTER}.plan.>`],
    maxAgeMs: DAY,
    maxBytes: 128 * MIB,
    duplicateWindowMs: 30 * SECOND,
    maxMessagesPerSubject: 1,
  },
  executions: {
    name: 'EXECUTIONS',
    subjects: [`${ANY_CLUSTER}.execution.>`],
    maxAgeMs: DAY,
    maxBytes: 256 * MIB,
    duplicateWindowMs: 10 * MINUTE,
  },
  feedback: {
    name: 'FEEDBACK',
    subjects: [`${ANY_CLUSTER}.feedback`],
    maxAgeMs: 7 * DAY,
    maxBytes: 64 * MIB,
    duplicateWindowMs: 10 * MINUTE,
  },
  /** What Alertmanager sent, on its way to the partitions. */
  alerts: {
    name: 'ALERTS',
    subjects: [`${ANY_CLUSTER}.alert`],
    maxAgeMs: DAY,
    maxBytes: 64 * MIB,
    duplicateWindowMs: 2 * MINUTE,
  },
  audit: {
    name: 'AUDIT',
    subjects: [`${ANY_CLUSTER}.audit.>`],
    maxAgeMs: 7 * DAY,
    maxBytes: 256 * MIB,
    duplicateWindowMs: 10 * MINUTE,
  },
  dead: {
    name: 'DEAD',
    subjects: [`${ANY_CLUSTER}.dead.>`],
    maxAgeMs: 7 * DAY,
    maxBytes: 256 * MIB,
    duplicateWindowMs: 10 * MINUTE,
  },
  advisories: {
    name: 'ADVISORIES',
    subjects: ['$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>', '$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.>'],
    maxAgeMs: DAY,
    maxBytes: 64 * MIB,
    duplicateWindowMs: 30 * SECOND,
  },
} as const satisfies Record<string, StreamSpec>

export const CONSUMERS = {
  /** Writes anomalies to the record. */
  recorder: {
    stream: STREAMS.anomalies.name,
    durable: 'recorder',
    maxAttempts: 20,
    ackWaitMs: 30 * SECOND,
    parallel: 16,
    startAt: 'first',
  },
  planner: {
    stream: STREAMS.anomalies.name,
    durable: 'planner',
    maxAttempts: 20,
    ackWaitMs: 30 * SECOND,
    parallel: 8,
    startAt: 'first',
  },
  /** Tells the planner how an execution ended, so that an incident is decided anew. */
  plannerOutcomes: {
    stream: STREAMS.executions.name,
    durable: 'planner-outcomes',
    maxAttempts: 20,
    ackWaitMs: 30 * SECOND,
    parallel: 8,
    startAt: 'first',
  },
  executor: {
    stream: STREAMS.plans.name,
    durable: 'executor',
    maxAttempts: 20,
    ackWaitMs: 30 * SECOND,
    parallel: 32,
    startAt: 'first',
  },
  /** Finds out what an outside alert is about and passes it on into its partition. */
  collectorAlerts: {
    stream: STREAMS.alerts.name,
    durable: 'collector-alerts',
    maxAttempts: 20,
    ackWaitMs: 30 * SECOND,
    parallel: 4,
    startAt: 'first',
  },
  /** Passes people's feedback on into the partitions. */
  collectorFeedback: {
    stream: STREAMS.feedback.name,
    durable: 'collector-feedback',
    maxAttempts: 20,
    ackWaitMs: 30 * SECOND,
    parallel: 4,
    startAt: 'first',
  },
} as const satisfies Record<string, ConsumerSpec>

export const BUCKETS = {
  /** Who owns a partition, or leads where only one may work. Liveness only; safety is the epoch in the store. */
  leases: { name: 'leases', history: 1, ttlMs: 10 * SECOND },
  /** Key `kill`: anything there stops every action. */
  control: { name: 'control', history: 8 },
  /** What each collector saw last, for the freshness guard. */
  freshness: { name: 'freshness', history: 1 },
} as const satisfies Record<string, BucketSpec>
