import {
  DiscardPolicy,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamUpdateConfig,
} from '@nats-io/jetstream'
import { nanos } from '@nats-io/transport-node'
import type { BucketSpec, StreamSpec } from '@kubewise/contracts'

/** A stream as JetStream is told: what can be changed later, and what cannot. */
export interface WantedStream {
  name: string
  fixed: Pick<StreamConfig, 'retention' | 'storage'>
  changeable: Partial<StreamUpdateConfig> & { subjects: string[] }
}

/** A field on which the server's stream is not as wanted. */
export interface FieldDifference {
  field: string
  wanted: unknown
  got: unknown
}

const LONGEST_DEDUPE_MS = 120_000
const fixed = { retention: RetentionPolicy.Limits, storage: StorageType.File }

export function streamOf(spec: StreamSpec): WantedStream {
  return {
    name: spec.name,
    fixed,
    changeable: {
      subjects: [...spec.subjects],
      max_age: nanos(spec.maxAgeMs),
      max_bytes: spec.maxBytes,
      max_msgs_per_subject: spec.maxMessagesPerSubject ?? -1,
      duplicate_window: nanos(spec.duplicateWindowMs),
      discard: DiscardPolicy.Old,
    },
  }
}

/** A bucket is a stream by convention: one subject a key, the last message is the value (NATS ADR-8). */
export function bucketStreamOf(spec: BucketSpec): WantedStream {
  const ttlMs = spec.ttlMs ?? 0
  return {
    name: `KV_${spec.name}`,
    fixed,
    changeable: {
      subjects: [`$KV.${spec.name}.>`],
      max_age: nanos(ttlMs),
      max_msgs_per_subject: spec.history,
      // The server refuses a window longer than the age.
      duplicate_window: nanos(ttlMs > 0 ? Math.min(ttlMs, LONGEST_DEDUPE_MS) : LONGEST_DEDUPE_MS),
      discard: DiscardPolicy.New,
      allow_rollup_hdrs: true,
      allow_direct: true,
    },
  }
}

const comparable = (value: unknown) => JSON.stringify(Array.isArray(value) ? value.map(String).sort() : value)

/** What the server's stream has otherwise than wanted; a field that an old server ignored is missing from its answer. */
export function differencesOf(wanted: Record<string, unknown>, got: object): FieldDifference[] {
  return Object.entries(wanted)
    .map(([field, value]) => ({ field, wanted: value, got: (got as Record<string, unknown>)[field] }))
    .filter((each) => comparable(each.wanted) !== comparable(each.got))
}
