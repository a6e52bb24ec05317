import type { Incident } from '@kubewise/contracts'

const MINUTE = 60_000
/** Looked at: incidents of the target that opened within this long. */
export const FLAPS_WITHIN_MS = 60 * MINUTE
/** One that comes again within this long after the end of the one before is a flap. */
const AGAIN_WITHIN_MS = 10 * MINUTE
/** One that has gone on for this long has come to stay, whatever was before it. */
const LASTING_MS = 10 * MINUTE
/** So many of them, one after another, are flapping. */
const FLAPS = 3

export interface Flaps {
  count: number
  sinceMs: number
  /** A person was told of it by one of the incidents before. */
  isTold: boolean
}

export const FLAPPING = 'flapping'

/**
 * Does a target come and go by itself? Known by the record: how often its incidents ended and came again within minutes, in a
 * row up to this one. What became a symptom did not end, what was acted upon did not end by itself, and what lasts does not go.
 *
 * @param lately incidents of the same target within `FLAPS_WITHIN_MS`; this one may be among them
 */
export function flapsOf(incident: Incident, lately: readonly Incident[], nowMs: number): Flaps | undefined {
  if (nowMs - incident.openedMs >= LASTING_MS) return undefined
  const before = lately
    .filter(({ _id, mergedInto, openedMs }) => _id !== incident._id && !mergedInto && openedMs <= incident.openedMs)
    .sort((a, b) => b.openedMs - a.openedMs)
  let next = incident
  const chain: Incident[] = []
  for (const each of before) {
    if (each.resolvedMs === undefined || each.attempts > 0 || next.openedMs - each.resolvedMs > AGAIN_WITHIN_MS) break
    chain.push(each)
    next = each
  }
  if (chain.length < FLAPS) return undefined
  return {
    count: chain.length,
    sinceMs: next.openedMs,
    isTold: chain.some(({ decision }) => decision?.code === FLAPPING),
  }
}
