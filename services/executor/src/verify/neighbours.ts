import { keyOf, titleOf, type Plan } from '@kubewise/contracts'
import type { Known } from '@kubewise/policy'
import type { NeighboursNow } from '../context/neighbours.ts'
import { readyOf, wantedOf } from '../context/workload.ts'
import type { Finding } from './checks.ts'

/** Metrics that count what went wrong, by their names: what a cluster measures of that is its own matter. */
const OF_ERRORS = /error|fail|5xx/i

function isBelow({ before, workload }: NeighboursNow['seen'][number]): boolean {
  // One that is gone, or that somebody is changing, tells nothing about what we did.
  if (!workload || workload.metadata?.generation !== before.generation) return false
  return readyOf(workload) / Math.max(1, wantedOf({ workload })) < before.ready / before.wanted
}

const sayBelow = ({ before, workload }: NeighboursNow['seen'][number]) =>
  `${titleOf(before.target)} has ${workload ? readyOf(workload) : 0} ready pods, of ${before.ready} before the action.`

/**
 * Is nobody else worse off since the action? Each that was well before is looked at: its ready pods, and whether anything about it was
 * found since. Worse is waited for, as all that may still mend; at the deadline it counts as not recovered.
 */
export function neighboursWell(now: Known<NeighboursNow>): Finding {
  if (!now.isKnown) return { value: 'unknown', say: `The neighbours cannot be read: ${now.why}` }
  const { seen, incidents, anomalies } = now.value
  const keys = new Set(seen.map(({ before }) => keyOf(before.target)))
  const found = [...incidents, ...anomalies].find(({ target }) => keys.has(keyOf(target)))
  if (found) return { value: 'not-yet', say: `${titleOf(found.target)} is ill since the action: ${found.say}` }
  const below = seen.find(isBelow)
  if (below) return { value: 'not-yet', say: sayBelow(below) }
  return { value: 'holds', say: `None of ${seen.length} neighbours is worse off.` }
}

/** Has no error rate of the target risen since the action, as far as the detector found one? */
export function noNewErrors(
  now: Known<NeighboursNow>,
  { target, anomalies: own }: Pick<Plan, 'target' | 'anomalies'>,
): Finding {
  if (!now.isKnown) return { value: 'unknown', say: `The anomalies cannot be read: ${now.why}` }
  const risen = now.value.anomalies.find(
    ({ _id, target: of, metric }) =>
      keyOf(of) === keyOf(target) && !own.includes(_id) && metric !== undefined && OF_ERRORS.test(metric.name),
  )
  return risen
    ? { value: 'not-yet', say: `Errors have risen since the action: ${risen.say}` }
    : { value: 'holds', say: 'No error rate has risen since the action.' }
}
