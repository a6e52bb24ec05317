import { keyOf, type ObjectState } from '@kubewise/contracts'
import { rolloutFactor } from '@kubewise/stats'

/** Revisions of a workload that are remembered: an old pod's state that comes late is no change. */
const REVISIONS = 32
/** Of one target: a custom resource has several under it. */
const MOST_SIZES = 32
const FORGOTTEN_MS = 24 * 3_600_000
/** What changes all the time, as an autoscaler has it, is no reason to be less attentive all the time. */
const REST_MS = 3_600_000

interface Known {
  revisions: string[]
  /** Replicas that are wanted, by the kind and name of what has them. */
  wanted: Record<string, number>
  changedMs?: number
  seenMs: number
}

export type RolloutsState = [target: string, Known][]

/** When each workload last changed its revision or its size: for a while its thresholds are higher, and alerts say so. */
export class Rollouts {
  readonly #known = new Map<string, Known>()

  observe({ state, entity, target }: ObjectState, nowMs: number): void {
    if (state.type !== 'Pod' && state.type !== 'Workload') return
    const key = keyOf(target)
    const before = this.#known.get(key)
    const known = before ?? { revisions: [], wanted: {}, seenMs: nowMs }
    known.seenMs = nowMs
    if (state.type === 'Pod') {
      const { revision } = state
      if (revision === undefined || known.revisions.includes(revision)) return
      if (known.revisions.length > 0) change(known, nowMs)
      known.revisions = [...known.revisions, revision].slice(-REVISIONS)
    } else {
      const name = `${entity.kind}/${entity.name}`
      const { [name]: wanted, ...others } = known.wanted
      if (wanted !== undefined && wanted !== state.wanted) change(known, nowMs)
      known.wanted = Object.fromEntries([...Object.entries(others), [name, state.wanted] as const].slice(-MOST_SIZES))
    }
    this.#known.set(key, known)
  }

  /** @returns what the thresholds of a workload are multiplied by, above 1 soon after it changed */
  factorOf(targetKey: string, nowMs: number): number {
    const changedMs = this.#known.get(targetKey)?.changedMs
    return changedMs === undefined ? 1 : rolloutFactor(nowMs - changedMs)
  }

  forgetStale(nowMs: number): void {
    for (const [key, { seenMs }] of this.#known) if (nowMs - seenMs > FORGOTTEN_MS) this.#known.delete(key)
  }

  state(): RolloutsState {
    return [...this.#known]
  }

  restore(state: RolloutsState): void {
    this.#known.clear()
    for (const [key, known] of state) this.#known.set(key, known)
  }
}

function change(known: Known, nowMs: number): void {
  if (known.changedMs === undefined || nowMs - known.changedMs >= REST_MS) known.changedMs = nowMs
}
