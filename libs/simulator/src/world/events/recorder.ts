import { RESOURCES, type CoreEventObject, type KubernetesObject, type ObjectReference } from '@kubewise/kube'
import type { ObjectStore } from '../../port.ts'
import { dateOf, microDateOf, MINUTE_MS, SECOND_MS } from '../time.ts'
import { createSpamFilter } from './spam-filter.ts'

/** Something that a component tells about an object. */
export interface Occurrence {
  about: KubernetesObject
  /** Such as `spec.containers{app}`. */
  fieldPath?: string
  type: 'Normal' | 'Warning'
  reason: string
  message: string
  component: string
  host?: string
  /** Set by components that use `events.k8s.io`, which count repeats in `series`. */
  action?: string
}

export interface EventSink {
  record(nowMs: number, occurrence: Occurrence): void
  /** Removes what the API server no longer keeps. */
  prune(nowMs: number): void
}

const KEPT_MS = 60 * MINUTE_MS
const SERIES_MS = 6 * MINUTE_MS
const SIMILAR_MS = 10 * MINUTE_MS
const MOST_SIMILAR = 10

interface Known {
  namespace: string
  name: string
  lastMs: number
}

/**
 * Turns occurrences into Events as client-go does: repeats raise a count, eleven similar ones within ten minutes are
 * combined, and who talks too much about one object is cut off for a while.
 */
export function createEventRecorder(objects: ObjectStore): EventSink {
  const known = new Map<string, Known>()
  const similar = new Map<string, { messages: Set<string>; lastMs: number }>()
  const spam = createSpamFilter()
  let sequence = 0

  function combined(nowMs: number, occurrence: Occurrence): { key: string; message: string } {
    const group = groupKey(occurrence)
    const seen = similar.get(group)
    const messages = seen && nowMs - seen.lastMs <= SIMILAR_MS ? seen.messages : new Set<string>()
    messages.add(occurrence.message)
    similar.set(group, { messages, lastMs: nowMs })
    return messages.size <= MOST_SIMILAR
      ? { key: `${group}\u0000${occurrence.message}`, message: occurrence.message }
      : { key: group, message: `(combined from similar events): ${occurrence.message}` }
  }

  function repeat({ namespace, name }: Known, nowMs: number, message: string): boolean {
    if (!objects.get(RESOURCES.CoreEvent, namespace, name)) return false
    objects.update<CoreEventObject>(RESOURCES.CoreEvent, namespace, name, 'event-recorder', (event) =>
      event.eventTime
        ? inSeries(event, nowMs)
        : { ...event, message, count: (event.count ?? 1) + 1, lastTimestamp: dateOf(nowMs) },
    )
    return true
  }

  function create(nowMs: number, occurrence: Occurrence, message: string): Known {
    const { namespace = 'default', name = '' } = occurrence.about.metadata ?? {}
    const eventName = `${name}.${(BigInt(nowMs) * 1_000_000n + BigInt(sequence++ % 1_000_000)).toString(16)}`
    const event = eventOf(nowMs, occurrence, message)
    objects.create<CoreEventObject>(
      RESOURCES.CoreEvent,
      { metadata: { name: eventName, namespace }, ...event },
      occurrence.component,
    )
    return { namespace, name: eventName, lastMs: nowMs }
  }

  return {
    record(nowMs, occurrence) {
      const { key, message } = combined(nowMs, occurrence)
      if (!spam.isAllowed(nowMs, speakerKey(occurrence))) return
      const before = known.get(key)
      const isRecent = before && (!occurrence.action || nowMs - before.lastMs <= SERIES_MS)
      if (isRecent && repeat(before, nowMs, message)) before.lastMs = nowMs
      else known.set(key, create(nowMs, occurrence, message))
    },
    prune(nowMs) {
      for (const event of objects.list<CoreEventObject>(RESOURCES.CoreEvent))
        if (lastSeenMs(event) < nowMs - KEPT_MS)
          objects.remove(RESOURCES.CoreEvent, event.metadata?.namespace, event.metadata?.name ?? '')
      for (const [key, { lastMs }] of known) if (lastMs < nowMs - KEPT_MS) known.delete(key)
      for (const [key, { lastMs }] of similar) if (lastMs < nowMs - SIMILAR_MS) similar.delete(key)
      spam.prune(nowMs)
    },
  }
}

function speakerKey({ about, component, host }: Occurrence): string {
  return [component, host, about.kind, about.metadata?.uid].join('\u0000')
}

function groupKey(occurrence: Occurrence): string {
  return [speakerKey(occurrence), occurrence.fieldPath, occurrence.type, occurrence.reason].join('\u0000')
}

function lastSeenMs({ series, lastTimestamp, eventTime, metadata }: CoreEventObject): number {
  return Date.parse(series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata?.creationTimestamp ?? '')
}

function inSeries(event: CoreEventObject, nowMs: number): CoreEventObject {
  return { ...event, series: { count: (event.series?.count ?? 1) + 1, lastObservedTime: microDateOf(nowMs) } }
}

function referenceTo({ about, fieldPath }: Occurrence): ObjectReference {
  const { apiVersion = 'v1', kind = '', metadata = {} } = about
  return {
    apiVersion,
    kind,
    ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    resourceVersion: metadata.resourceVersion ?? '',
    ...(fieldPath === undefined ? {} : { fieldPath }),
  }
}

function eventOf(nowMs: number, occurrence: Occurrence, message: string): CoreEventObject {
  const { type, reason, component, host, action } = occurrence
  const same = { involvedObject: referenceTo(occurrence), type, reason, message, reportingComponent: component }
  if (action)
    return {
      ...same,
      action,
      eventTime: microDateOf(nowMs),
      firstTimestamp: null,
      lastTimestamp: null,
      reportingInstance: `${component}-0`,
      source: {},
    }
  const seconds = dateOf(Math.floor(nowMs / SECOND_MS) * SECOND_MS)
  return {
    ...same,
    count: 1,
    firstTimestamp: seconds,
    lastTimestamp: seconds,
    eventTime: null,
    reportingInstance: host ?? '',
    source: { component, ...(host === undefined ? {} : { host }) },
  }
}
