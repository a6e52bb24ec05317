import { keyOf, type Incident } from '@kubewise/contracts'
import type { Cause } from '../incidents/merge.ts'
import type { Suspect } from './suspects.ts'

/** A cause is often found later than what it does: by so much at most. */
const TOLERANCE_MS = 120_000

/** Another incident that is open, with what it was seen to suspect itself. */
export interface Other {
  incident: Pick<Incident, '_id' | 'target' | 'openedMs'>
  suspects: readonly Suspect[]
}

export interface Correlating {
  incident: Pick<Incident, '_id' | 'target' | 'openedMs'>
  /** Likeliest first; see `suspectsOf`. */
  suspects: readonly Suspect[]
  others: readonly Other[]
}

type Known = ReadonlyMap<string, Other>

/** Which of two that hang on each other is the cause: who began first, else who is named first. */
function isBefore(a: Correlating['incident'], b: Correlating['incident']): boolean {
  return a.openedMs !== b.openedMs ? a.openedMs < b.openedMs : keyOf(a.target) < keyOf(b.target)
}

/** Does this one, by what it and others suspect, hang on that target in the end? */
function hangsOn(other: Other, key: string, known: Known, seen = new Set<string>()): boolean {
  const own = keyOf(other.incident.target)
  if (seen.has(own)) return false
  seen.add(own)
  return other.suspects.some(({ root }) => {
    const rootKey = keyOf(root)
    const next = known.get(rootKey)
    return rootKey === key || (next !== undefined && hangsOn(next, key, known, seen))
  })
}

function isBelieved({ root, needs }: Suspect, { incident, others }: Correlating, known: Known): boolean {
  const key = keyOf(root)
  const own = known.get(key)
  if (key === keyOf(incident.target)) return false
  // What began clearly later is no cause.
  if (own && own.incident.openedMs > incident.openedMs + TOLERANCE_MS) return false
  if (own && hangsOn(own, keyOf(incident.target), known) && isBefore(incident, own.incident)) return false
  if (own || needs === 'state') return true
  return (
    needs === 'shared' &&
    others.some(
      (other) => other.incident._id !== incident._id && other.suspects.some((each) => keyOf(each.root) === key),
    )
  )
}

/**
 * Finds the cause of an incident at another target, by the evidence, the order in time, and what other incidents suspect.
 * Pure: the same question has the same answer, and of several that hang on each other in a circle one is nobody's symptom.
 */
export function correlate(question: Correlating): Cause | undefined {
  const known = new Map(question.others.map((other) => [keyOf(other.incident.target), other]))
  const found = question.suspects.find((suspect) => isBelieved(suspect, question, known))
  return found && { root: found.root, relation: found.relation, say: found.say }
}
