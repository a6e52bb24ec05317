import type { Clock, Logger, Metrics } from '@kubewise/service'
import { idOf } from '@kubewise/contracts'
import type { EventObject } from './cluster-objects.ts'
import { cleanText, isKubeError } from './errors.ts'
import type { ObjectReference } from './objects.ts'
import type { Kube } from './port.ts'
import { RESOURCES } from './resources.ts'

/** What is said on an object. */
export interface Note {
  regarding: ObjectReference
  related?: ObjectReference
  type: 'Normal' | 'Warning'
  /** UpperCamelCase, such as `Remediated`. */
  reason: string
  /** What was done or tried, UpperCamelCase, such as `RollBack`. */
  action: string
  note: string
}

export type NoteOutcome = 'written' | 'repeated' | 'limited' | 'failed'

/** Writes Kubernetes Events. Never throws: what cannot be written is logged and counted, and the work goes on. */
export interface EventRecorder {
  record(note: Note, signal?: AbortSignal): Promise<NoteOutcome>
}

export interface RecorderOptions {
  kube: Pick<Kube, 'create'>
  clock: Clock
  log: Logger
  metrics?: Metrics
  /** A qualified name. */
  reportingController?: string
  /** Which instance of it, such as the pod's name. */
  reportingInstance: string
}

const MINUTE = 60_000
const REPEAT_MS = 2 * MINUTE
/** client-go's own limits for one source and object (kubernetes#47367). */
const BURST = 25
const REFILL_MS = 5 * MINUTE
const LONGEST_NOTE_BYTES = 1024
const LONGEST_WORD = 128
const MAX_REMEMBERED = 10_000

/** Cuts at a whole character: a note is limited in bytes of UTF-8. */
function fitNote(note: string): string {
  const text = cleanText(note, LONGEST_NOTE_BYTES)
  const bytes = Buffer.from(text, 'utf8')
  if (bytes.length <= LONGEST_NOTE_BYTES) return text
  const cut = bytes
    .subarray(0, LONGEST_NOTE_BYTES - 3)
    .toString('utf8')
    .replace(/\uFFFD+$/, '')
  return `${cut}…`
}

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

/** An Event's own name must be a DNS name, which not every object's is (RBAC's have colons). */
function eventPrefix(name: string): string {
  return name.length <= 200 && SUBDOMAIN.test(name) ? name : 'object'
}

/** The API wants microseconds. */
function microTime(nowMs: number): string {
  return new Date(nowMs).toISOString().replace('Z', '000Z')
}

/** Objects by key, the longest untouched forgotten first. */
function createMemory<T>(): Pick<Map<string, T>, 'get' | 'delete'> & { set(key: string, value: T): void } {
  const values = new Map<string, T>()
  return {
    get: (key) => values.get(key),
    delete: (key) => values.delete(key),
    set(key, value) {
      values.delete(key)
      values.set(key, value)
      if (values.size > MAX_REMEMBERED) values.delete(values.keys().next().value ?? key)
    },
  }
}

interface Bucket {
  tokens: number
  atMs: number
}

export function createEventRecorder(options: RecorderOptions): EventRecorder {
  const { kube, clock, log, metrics, reportingController = 'kubewise.io/executor', reportingInstance } = options
  const writtenMs = createMemory<number>()
  const buckets = createMemory<Bucket>()
  const outcomes = metrics?.counter(
    'kubewise_kube_events_recorded_total',
    'Kubernetes Events of our own, by outcome.',
    {
      outcome: ['written', 'repeated', 'limited', 'failed'],
    },
  )

  function take(object: string): boolean {
    const nowMs = clock.monotonic()
    const before = buckets.get(object) ?? { tokens: BURST, atMs: nowMs }
    const tokens = Math.min(BURST, before.tokens + (nowMs - before.atMs) / REFILL_MS)
    buckets.set(object, { tokens: tokens < 1 ? tokens : tokens - 1, atMs: nowMs })
    return tokens >= 1
  }

  function eventOf(note: Note, text: string): EventObject {
    const { related, type, reason, action } = note
    // Empty means none, and an Event of none lies in the namespace `default`.
    const { namespace = '', ...object } = note.regarding
    const regarding = namespace === '' ? object : { ...object, namespace }
    const nowMs = clock.now()
    const unique = Buffer.from(idOf(regarding.uid ?? '', reason, text, nowMs, reportingInstance))
      .toString('hex')
      .slice(0, 16)
    return {
      metadata: { name: `${eventPrefix(regarding.name ?? '')}.${unique}`, namespace: namespace || 'default' },
      eventTime: microTime(nowMs),
      type,
      reason: cleanText(reason, LONGEST_WORD),
      action: cleanText(action, LONGEST_WORD),
      note: text,
      regarding,
      ...(related === undefined ? {} : { related }),
      reportingController,
      reportingInstance: cleanText(reportingInstance, LONGEST_WORD),
    }
  }

  async function write(note: Note, signal: AbortSignal | undefined): Promise<NoteOutcome> {
    const text = fitNote(note.note)
    const { kind = '', namespace = '', name = '', uid = '' } = note.regarding
    const object = `${kind}/${namespace}/${name}/${uid}`
    const key = `${object}\0${note.reason}\0${text}`
    const lastMs = writtenMs.get(key)
    if (lastMs !== undefined && clock.monotonic() - lastMs < REPEAT_MS) return 'repeated'
    if (!take(object)) return 'limited'
    writtenMs.set(key, clock.monotonic())
    try {
      await kube.create(RESOURCES.Event, eventOf(note, text), signal === undefined ? {} : { signal })
    } catch (error) {
      // It may be said again: a repeat is better than silence.
      writtenMs.delete(key)
      throw error
    }
    return 'written'
  }

  return {
    async record(note, signal) {
      const outcome = await write(note, signal).catch((error: unknown): NoteOutcome => {
        const { reason, regarding } = note
        const kind = isKubeError(error) ? error.kind : 'bug'
        log.warn({ err: error, kind, reason, regarding: `${regarding.kind}/${regarding.name}` }, 'Event not written')
        return 'failed'
      })
      outcomes?.inc({ outcome })
      return outcome
    },
  }
}
