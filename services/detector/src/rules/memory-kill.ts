import { fact } from '../finding.ts'
import type { MemoryKill } from '../memory.ts'
import { MINUTE, ruleFor, SECOND } from './state-rule.ts'

/** A kill this soon after the start came from a limit too low, whatever the use looked like. */
const SOON_MS = 60 * SECOND
const REMEMBERED_MS = 60 * MINUTE

/** Twice the time between the last two kills without a new one, and at least a minute, is well again. */
function quietMs(kills: readonly MemoryKill[]): number {
  const [before, last] = kills.slice(-2)
  return Math.max(MINUTE, before && last ? 2 * (last.finishedMs - before.finishedMs) : 0)
}

const isSteady = (kill: MemoryKill) => kill.ranMs <= SOON_MS || kill.wasFlat

/**
 * A container killed for memory at least twice within an hour. No Event says so; its last state does. The last two must tell
 * the same, limit too low or leak: one of each is not evidence yet, the next will tell.
 */
export const memoryKill = ruleFor('Pod', {
  name: 'memory-kill',
  version: 1,
  forMs: 0,
  clearMs: 0,
  look: (pod, memory, nowMs) => {
    if (pod.isTerminating) return undefined
    const container = memory.kills.at(-1)?.container
    const kills = memory.kills.filter((kill) => kill.container === container && nowMs - kill.finishedMs < REMEMBERED_MS)
    const last = kills.at(-1)
    if (!last || kills.length < 2 || nowMs - last.finishedMs > quietMs(kills)) return undefined
    const steady = kills.slice(-2).map(isSteady)
    if (steady[0] !== steady[1]) return undefined
    return fact('critical', `Container ${last.container} was killed for memory ${kills.length} times.`, {
      container: last.container,
      kills: kills.length,
      steady: steady[0] === true,
      ranSeconds: Math.round(last.ranMs / SECOND),
      limitBytes: pod.containers.find((c) => c.name === last.container)?.memoryLimitBytes ?? 0,
      revision: pod.revision ?? '',
    })
  },
})
