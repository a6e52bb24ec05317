import { titleOf } from '@kubewise/contracts'
import { onObject } from './object.ts'

/**
 * How many ready pods an action may take away: the share rounded down, at least one where two or more are ready. Pods that
 * are not ready do not count. A share that allows nothing, or is no number, allows not even that one.
 */
export function readyPodsAllowed(ready: number, share: number): number {
  return share > 0 ? Math.max(Math.floor(ready * share), ready >= 2 ? 1 : 0) : 0
}

/** Refuses to take away too many of the ready pods. The only ready one is the approval guard's matter. */
export const readyShare = onObject(({ ready, readyPodsTaken }, { plan, limits }) => {
  const allowed = readyPodsAllowed(ready, limits.readyShare)
  const isTheOnlyOne = ready === 1 && readyPodsTaken === 1 && limits.readyShare > 0
  if (isTheOnlyOne || readyPodsTaken <= allowed) return undefined
  return {
    code: 'ready-share',
    say: `${readyPodsTaken} of ${ready} ready pods of ${titleOf(plan.target)} would be taken away, of ${allowed} allowed.`,
  }
})
