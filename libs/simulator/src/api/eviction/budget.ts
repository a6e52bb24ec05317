import type { Condition, Pod, PodDisruptionBudget } from '@kubewise/kube'
import { timestamp } from '../../objects/metadata.ts'
import { matchesLabels, requirementsOf } from '../selectors/label-selector.ts'

export function isReady(pod: Pod): boolean {
  return (pod.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True')
}

/** Budgets without a selector match nothing, those with an empty one everything. */
export function isGuarded(pod: Pod, budget: PodDisruptionBudget): boolean {
  const { selector } = budget.spec ?? {}
  if (selector === undefined || pod.metadata?.namespace !== budget.metadata?.namespace) return false
  return matchesLabels(requirementsOf(selector), pod.metadata?.labels)
}

/** The budget's one condition; its time moves only when its status does. */
export function disruptionCondition(budget: PodDisruptionBudget, allowed: number, nowMs: number): Condition {
  const old = budget.status?.conditions?.find(({ type }) => type === 'DisruptionAllowed')
  const status = allowed > 0 ? 'True' : 'False'
  return {
    type: 'DisruptionAllowed',
    status,
    reason: allowed > 0 ? 'SufficientPods' : 'InsufficientPods',
    message: '',
    observedGeneration: budget.metadata?.generation ?? 1,
    lastTransitionTime: old?.status === status ? (old.lastTransitionTime ?? timestamp(nowMs)) : timestamp(nowMs),
  }
}
