import type { ObjectState } from '@kubewise/contracts'
import type { Finding } from '../finding.ts'
import type { EntityMemory } from '../memory.ts'

/**
 * A rule over an object's state. Pure: the same state, memory and time give the same answer, so that a replay gives the same
 * anomalies. A change of its meaning is a new version.
 */
export interface StateRule {
  name: string
  version: number
  /** How long it must be seen before an anomaly opens, in sample time. */
  forMs: number
  /** How long it must be gone before the anomaly ends. */
  clearMs: number
  look(state: ObjectState, memory: EntityMemory, nowMs: number): Finding | undefined
}

type StateOf<T> = Extract<ObjectState['state'], { type: T }>

/** A rule for objects of one type only. */
export function ruleFor<T extends ObjectState['state']['type']>(
  type: T,
  rule: Omit<StateRule, 'look'> & {
    look(state: StateOf<T>, memory: EntityMemory, nowMs: number, object: ObjectState): Finding | undefined
  },
): StateRule {
  return {
    ...rule,
    look: (object, memory, nowMs) =>
      object.state.type === type ? rule.look(object.state as StateOf<T>, memory, nowMs, object) : undefined,
  }
}

export const SECOND = 1000
export const MINUTE = 60 * SECOND
