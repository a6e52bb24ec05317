import type { Condition } from '@kubewise/kube'
import { dateOf } from '../time.ts'

/**
 * Conditions with one of them set: unchanged if it says the same already, and its transition time moves only when its
 * status does.
 */
export function withCondition(
  conditions: readonly Condition[] | undefined,
  condition: Condition,
  nowMs: number,
): Condition[] {
  const before = conditions?.find((one) => one.type === condition.type)
  const isSame =
    before &&
    before.status === condition.status &&
    before.reason === condition.reason &&
    before.message === condition.message
  if (isSame) return [...(conditions ?? [])]
  const lastTransitionTime = before?.status === condition.status ? before.lastTransitionTime : dateOf(nowMs)
  const next = { ...condition, ...(lastTransitionTime === undefined ? {} : { lastTransitionTime }) }
  return before ? (conditions ?? []).map((one) => (one === before ? next : one)) : [...(conditions ?? []), next]
}

export function withoutCondition(conditions: readonly Condition[] | undefined, type: string): Condition[] {
  return (conditions ?? []).filter((condition) => condition.type !== type)
}
