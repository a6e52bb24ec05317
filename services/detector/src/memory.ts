import type { Entity, ObjectState, Target } from '@kubewise/contracts'

/** One death of a container for memory. */
export interface MemoryKill {
  container: string
  finishedMs: number
  /** How long it had run. */
  ranMs: number
  /** Its use had been flat before: a limit too low, not a leak. */
  wasFlat: boolean
}

/** What is remembered of an entity beside its last state: only of those that something is or was wrong with. */
export interface EntityMemory {
  entity: Entity
  target: Target
  state?: ObjectState
  /** When its state last came, by the partition's clock. */
  seenMs: number
  kills: MemoryKill[]
  /** Recurring Events by rule: how often, and when last. */
  events: Record<string, { count: number; firstMs: number; lastMs: number }>
}

export const emptyMemory = (entity: Entity, target: Target, seenMs: number): EntityMemory => ({
  entity,
  target,
  seenMs,
  kills: [],
  events: {},
})

/**
 * States that Events are read with, kept although no rule has found anything yet: of pods that are not ready and claims that
 * are not bound. All others are well, and nothing need be remembered of them.
 */
export function isWaitedOn({ state }: ObjectState): boolean {
  if (state.type === 'Claim') return state.phase !== 'Bound' && !state.isTerminating
  if (state.type !== 'Pod' || state.isTerminating) return false
  return state.phase === 'Pending' || (state.phase === 'Running' && !state.isReady)
}
