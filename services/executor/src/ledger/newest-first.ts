import { keyOf, type ExecutionStep, type Plan } from '@kubewise/contracts'
import { stepId } from './claim.ts'

/** What a step rests on: the needs that the plan gives it, and whatever was changed on the same object before. */
function foundationsOf(plan: Plan, steps: readonly ExecutionStep[], index: number): Set<string> {
  const step = steps[index]
  if (!step) return new Set()
  const { id, isFallback, object } = step
  const planned = (isFallback ? plan.fallback : plan.steps).find((each) => stepId(each, isFallback) === id)
  const needs = (planned?.needs ?? []).map((need) => stepId({ id: need }, isFallback))
  const same = steps.slice(0, index).filter((earlier) => keyOf(earlier.object) === keyOf(object))
  return new Set([...needs, ...same.map((earlier) => earlier.id)])
}

/**
 * Steps in the reverse order of their effects: the last sent first, and never before what rests on it. Two of no relation go by
 * the time at which they were sent, which a clock that jumped can tell wrongly; what depends on the order does not go by it.
 */
export function newestFirst(plan: Plan, steps: readonly ExecutionStep[]): ExecutionStep[] {
  const restsOn = new Map(steps.map(({ id }, index) => [id, foundationsOf(plan, steps, index)]))
  const left = [...steps].sort((a, b) => (a.sentMs ?? 0) - (b.sentMs ?? 0))
  const sorted: ExecutionStep[] = []
  while (left.length > 0) {
    const free = left.findLastIndex(({ id }) => !left.some((other) => restsOn.get(other.id)?.has(id)))
    sorted.push(...left.splice(free, 1))
  }
  return sorted
}
