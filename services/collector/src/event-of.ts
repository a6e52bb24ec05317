import { idOf, type Entity, type KubernetesEvent } from '@kubewise/contracts'
import { redactText } from '@kubewise/service'
import type { OwnerIndex } from './owner-index.ts'
import { msOf } from './state-of.ts'

const MAX_MESSAGE = 1024
const MAX_WORD = 128
const MAX_NAME = 253
const MAX_COUNT = 2 ** 31 - 1
/** By so much a sender's clock may be wrong before its word is not taken. */
const CLOCK_TOLERANCE_MS = 60_000

const KIND = /^[A-Za-z][A-Za-z0-9]{0,62}$/
// The API server does not check what an Event names: it is text of its sender.
const NAME = /^[^\p{C}\p{Z}]+$/u
/** All that moves a terminal's cursor or is not seen, but breaks of lines and tabs. */
const CONTROL = /[^\P{C}\n\t]+/gu

/** Why an Event cannot be taken. */
export type Unfit = 'nameless' | 'malformed'

export interface TakenEvent {
  event: KubernetesEvent
  /** When its sender says it was last seen, whatever its clock: part of what makes a repeat the same. */
  saidMs: number
  /** Its sender's clock is ahead of ours, or behind the API server's, by more than may be. */
  isClockOff: boolean
}

type Loose = Readonly<Record<string, unknown>>

const partsOf = (value: unknown): Loose => (typeof value === 'object' && value !== null ? (value as Loose) : {})
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const timeOf = (value: unknown): number | undefined => (typeof value === 'string' ? msOf(value) : undefined)

/** Text of whoever runs in the cluster, without secrets; cut afterwards, so that none is cut into what is not recognised. */
const cleaned = (text: unknown, maxLength: number) =>
  redactText(textOf(text).slice(0, 8 * MAX_MESSAGE))
    .replace(CONTROL, ' ')
    .slice(0, maxLength)
    .toWellFormed()

function countOf(...counts: unknown[]): number {
  const count = counts.find((each) => typeof each === 'number')
  return typeof count === 'number' && count >= 1 ? Math.min(MAX_COUNT, Math.floor(count)) : 1
}

const isName = (text: string) => text.length <= MAX_NAME && NAME.test(text)

function aboutOf(cluster: string, regarding: Loose): Entity | Unfit {
  const [kind, name, namespace, uid] = [regarding['kind'], regarding['name'], regarding['namespace'], regarding['uid']]
  if (!kind || !name) return 'nameless'
  const isFit = KIND.test(textOf(kind)) && isName(textOf(name)) && (!namespace || isName(textOf(namespace)))
  if (!isFit) return 'malformed'
  const isKnown = isName(textOf(uid))
  return {
    cluster,
    kind: textOf(kind),
    namespace: textOf(namespace),
    name: textOf(name),
    ...(isKnown && { uid: textOf(uid) }),
  }
}

/**
 * One Kubernetes Event in our form. Whoever may create Events writes what stands in them, so nothing of it is believed: text is
 * redacted and cut, numbers are put into their bounds. A moment ahead of now counts as now; one before the API server itself
 * has stored the Event counts as that moment.
 *
 * @param given as it came; what is not an Event in form is no error
 * @returns `nameless` where it names no object, `malformed` where what it names can be none
 */
export function eventOf(
  cluster: string,
  given: unknown,
  owners: Pick<OwnerIndex, 'targetOf'>,
  nowMs: number,
): TakenEvent | Unfit {
  const event = partsOf(given)
  const entity = aboutOf(cluster, partsOf(event['regarding']))
  if (typeof entity === 'string') return entity
  const metadata = partsOf(event['metadata'])
  const series = partsOf(event['series'])
  const storedMs = timeOf(metadata['creationTimestamp'])
  const saidMs =
    timeOf(series['lastObservedTime']) ??
    timeOf(event['deprecatedLastTimestamp']) ??
    timeOf(event['eventTime']) ??
    storedMs ??
    nowMs
  const isAhead = saidMs > nowMs + CLOCK_TOLERANCE_MS
  const isBehind = storedMs !== undefined && saidMs < storedMs - CLOCK_TOLERANCE_MS
  const lastMs = isAhead ? nowMs : isBehind ? Math.min(storedMs, nowMs) : saidMs
  const firstMs = timeOf(event['deprecatedFirstTimestamp']) ?? timeOf(event['eventTime']) ?? lastMs
  const reporter = cleaned(event['reportingController'] || partsOf(event['deprecatedSource'])['component'], MAX_WORD)
  const uid = textOf(metadata['uid'])
  return {
    event: {
      kind: 'kubernetes-event',
      cluster,
      uid: isName(uid) ? uid : idOf(textOf(metadata['namespace']), textOf(metadata['name'])),
      type: event['type'] === 'Warning' ? 'Warning' : 'Normal',
      reason: cleaned(event['reason'], MAX_WORD),
      message: cleaned(event['note'], MAX_MESSAGE),
      entity,
      target: owners.targetOf(entity.kind, entity.namespace, entity.name),
      count: countOf(series['count'], event['deprecatedCount']),
      firstMs: Math.min(firstMs, lastMs),
      lastMs,
      ...(reporter && { reporter }),
    },
    saidMs,
    isClockOff: isAhead || isBehind,
  }
}
