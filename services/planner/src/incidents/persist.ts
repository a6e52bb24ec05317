import { keyOf, type Incident, type IncidentHead, type IncidentNotice, type Target } from '@kubewise/contracts'
import type { Collection } from '@kubewise/store'

/** What became of an anomaly or of a change: the incident as it is now, and whether that is news. */
export interface Change {
  incident: Incident
  change: IncidentNotice['change'] | 'none'
  /** Of a symptom: the incident that holds its signals, as a part of `incident`. */
  symptom?: string
  /** A symptom took it in, whether or not that is news of its cause. */
  isTaken?: boolean
}

/** The record did not let a change through; the caller tries again later. */
export class ContentionError extends Error {
  override readonly name = 'ContentionError'
}

const MAX_ROUNDS = 50

export type Incidents = Collection<Incident>
export type Heads = Collection<IncidentHead>
export type NewHead = Omit<IncidentHead, 'version'>

/** Writes a head as it was read, or as the first. @returns false where another was faster */
export async function writeHead(heads: Heads, before: IncidentHead | undefined, after: NewHead): Promise<boolean> {
  return before
    ? (await heads.replace({ ...after, version: before.version })) === 'replaced'
    : (await heads.insert(after)) === 'inserted'
}

export const headOf = (target: Target, before: IncidentHead | undefined, nowMs: number): NewHead => ({
  _id: keyOf(target),
  target,
  ...(before?.incident !== undefined && { incident: before.incident }),
  changedMs: nowMs,
  endedEarly: before?.endedEarly ?? [],
})

/** Writes an incident over what was read. The same object is no change. */
export async function replaceIncident(
  incidents: Incidents,
  before: Incident,
  after: Incident,
): Promise<Change | 'again'> {
  if (after === before) return { incident: before, change: 'none' }
  if ((await incidents.replace(after)) === 'conflict') return 'again'
  const isOver = before.status === 'open' && after.status === 'resolved'
  return { incident: { ...after, version: before.version + 1 }, change: isOver ? 'resolved' : 'updated' }
}

/** Repeats `round` until it gives an answer. */
export async function persist<T>(what: string, round: () => Promise<T | 'again'>): Promise<T> {
  for (let rounds = 0; rounds < MAX_ROUNDS; rounds++) {
    const answer = await round()
    if (answer !== 'again') return answer
  }
  throw new ContentionError(`${what}: others changed it ${MAX_ROUNDS} times in a row`)
}
