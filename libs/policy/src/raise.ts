import type { Refusal } from '@kubewise/contracts'
import type { Limits } from './guard.ts'

/** A resource limit before the incident, now, and as it shall be; all in one unit. */
export interface Raise {
  original: number
  current: number
  next: number
}

/**
 * Why a limit may not be changed so: it must grow, at most by `maxRaiseStep` in one step and to `maxRaiseTotal` times what
 * it was before the incident.
 */
export function raiseRefusal(
  { original, current, next }: Raise,
  limits: Pick<Limits, 'maxRaiseStep' | 'maxRaiseTotal'>,
): Refusal | undefined {
  const isKnown = [original, current, next].every((value) => Number.isFinite(value) && value > 0)
  if (!isKnown)
    return {
      code: 'limit-unknown',
      say: `A limit is raised only from one known value to another, not from ${current} to ${next}.`,
    }
  if (next < current)
    return { code: 'limit-lowered', say: `A limit is raised, never lowered: ${next} is below ${current}.` }
  if (next > current * limits.maxRaiseStep)
    return {
      code: 'limit-step',
      say: `A limit grows at most ${limits.maxRaiseStep}-fold in one step: ${next} is more than that of ${current}.`,
    }
  if (next > original * limits.maxRaiseTotal)
    return {
      code: 'limit-total',
      say: `A limit grows at most to ${limits.maxRaiseTotal} times its value before the incident: ${next} is more than that of ${original}.`,
    }
  return undefined
}
