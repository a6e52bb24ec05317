import type { StartAt } from './consumer-config.ts'
import type { ReplayEvent } from './port.ts'

/** Where a reader is in its stream. */
export interface Position {
  /** The sequence to go on from: after the message handled last. Undefined before it has begun at the stream's end. */
  next: number | undefined
  /** Up to here nothing is missing. Beyond `next` where the messages in between are not the reader's. */
  covered: number
  /** Of the stream it reads; undefined before the first look. */
  created: string | undefined
  /** The message handled last, in this process. */
  last: { seq: number; storedMs: number } | undefined
}

/** What a look at the stream says: the parts that decide. */
export interface StreamExtent {
  created: string
  firstSeq: number
  lastSeq: number
  /** The message handled last is another one on the server now. */
  isRewritten: boolean
}

/** How to go on, and what the reader has to be told; of a gap it is known only later what comes instead. */
export interface Course {
  start: StartAt
  event?: { kind: 'recreated' } | { kind: 'gap'; wantedSeq: number }
}

/** @param from a sequence, or only what comes from now on */
export function positionAt(from: number | 'new'): Position {
  const next = from === 'new' ? undefined : Math.max(1, from)
  return { next, covered: (next ?? 1) - 1, created: undefined, last: undefined }
}

/**
 * Decides how a reader goes on in a stream that may have been shortened, cut, rewritten or replaced since it looked last.
 * Nothing that may be new is left out; what may be old is read again, and the reader is told.
 */
export function courseOf(position: Position, stream: StreamExtent): Course {
  const { next, covered, created, last } = position
  const { firstSeq, lastSeq } = stream
  if (created !== undefined && created !== stream.created)
    return { start: { at: 'first' }, event: { kind: 'recreated' } }
  if (next === undefined) return { start: { at: 'seq', seq: lastSeq + 1 } }
  const gap = { kind: 'gap' as const, wantedSeq: covered + 1 }
  if (stream.isRewritten || covered > lastSeq)
    return { start: last ? { at: 'time', timeMs: last.storedMs + 1 } : { at: 'first' }, event: gap }
  const start: StartAt = { at: 'seq', seq: Math.max(next, firstSeq) }
  return firstSeq > covered + 1 ? { start, event: gap } : { start }
}

/** The event as the reader gets it. @param gotSeq the sequence that comes next */
export function eventOf(course: Course, created: string, gotSeq: number): ReplayEvent | undefined {
  if (!course.event) return undefined
  return course.event.kind === 'recreated' ? { kind: 'recreated', created } : { ...course.event, gotSeq }
}
