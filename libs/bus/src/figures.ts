import { STREAMS } from '@kubewise/contracts'
import type { Metrics } from '@kubewise/service'
import { kindOf } from './subject.ts'
import type { BusErrorCode } from './errors.ts'

/** How a message that was read ended: retried is delivered again, dead and undecodable are in the dead letters. */
export type ConsumedOutcome = 'handled' | 'retried' | 'dead' | 'undecodable'
export type PublishedOutcome = 'stored' | 'duplicate' | BusErrorCode
/** Why a message became a dead letter, in one word for a label; the letter itself has the sentence. */
export type DeathCode = 'undecodable' | 'refused' | 'attempts' | 'server-limit'

/** The bus's own counters. */
export interface Figures {
  consumed(subject: string, outcome: ConsumedOutcome): void
  published(subject: string, outcome: PublishedOutcome): void
  died(stream: string, reason: DeathCode): void
}

const KINDS = [
  'metric',
  'event',
  'object',
  'control',
  'anomaly',
  'incident',
  'plan',
  'execution',
  'feedback',
  'audit',
  'dead',
  'other',
]
const CONSUMED = ['handled', 'retried', 'dead', 'undecodable'] satisfies ConsumedOutcome[]
const PUBLISHED = [
  'stored',
  'duplicate',
  'disconnected',
  'timeout',
  'no-stream',
  'refused',
  'invalid',
  'closed',
] satisfies PublishedOutcome[]
const DEATHS = ['undecodable', 'refused', 'attempts', 'server-limit'] satisfies DeathCode[]

const silent: Figures = { consumed: () => undefined, published: () => undefined, died: () => undefined }

// What an outsider publishes must not make new time series.
const labelOf = (subject: string) => {
  const kind = kindOf(subject)
  return KINDS.includes(kind) ? kind : 'other'
}

export function createFigures(metrics: Metrics | undefined): Figures {
  if (!metrics) return silent
  const consumed = metrics.counter(
    'kubewise_messages_consumed_total',
    'Messages read from the bus, by how they ended.',
    {
      subject_kind: KINDS,
      outcome: CONSUMED,
    },
  )
  const published = metrics.counter('kubewise_messages_published_total', 'Messages sent to the bus, by its answer.', {
    subject_kind: KINDS,
    outcome: PUBLISHED,
  })
  const dead = metrics.counter('kubewise_dead_letters_total', 'Messages that could not be worked on.', {
    stream: Object.values(STREAMS).map((stream) => stream.name),
    reason: DEATHS,
  })
  return {
    consumed: (subject, outcome) => consumed.inc({ subject_kind: labelOf(subject), outcome }),
    published: (subject, outcome) => published.inc({ subject_kind: labelOf(subject), outcome }),
    died: (stream, reason) => dead.inc({ stream, reason }),
  }
}
