import { keyOf, type PlanStep, type Refusal } from '@kubewise/contracts'

/** What the ledger calls the steps of a fallback begins so. */
export const FALLBACK_ID = 'fallback-'

type OrderedStep = Pick<PlanStep, 'id' | 'needs' | 'object'>

/** Which steps come before each, by id. Those of no relation may be done at the same time. */
export type StepOrder = ReadonlyMap<string, ReadonlySet<string>>

function flawOf(steps: readonly OrderedStep[]): Refusal | undefined {
  const ids = steps.map(({ id }) => id)
  const twice = ids.find((id, index) => ids.indexOf(id) !== index)
  if (twice !== undefined) return { code: 'step-id-twice', say: `Two steps have the id ${twice}.` }
  for (const { id, needs } of steps) {
    const stranger = needs.find((need) => !ids.includes(need))
    if (stranger !== undefined)
      return { code: 'needs-unknown', say: `Step ${id} needs ${stranger}, which is no step beside it.` }
  }
  return undefined
}

/** In an order in which each comes after what it needs, and else as they stand; those in a circle, and what needs them, are missing. */
function inTurn<T extends OrderedStep>(steps: readonly T[]): T[] {
  const done = new Set<string>()
  const sorted: T[] = []
  for (;;) {
    const next = steps.find(({ id, needs }) => !done.has(id) && needs.every((need) => done.has(need)))
    if (!next) return sorted
    done.add(next.id)
    sorted.push(next)
  }
}

/**
 * Steps in an order in which they can be done: each after what it needs.
 *
 * @returns a refusal for a need that nobody is, an id that two have, or steps that wait for one another
 */
export function sortSteps<T extends OrderedStep>(steps: readonly T[]): T[] | Refusal {
  const flaw = flawOf(steps)
  if (flaw) return flaw
  const sorted = inTurn(steps)
  const left = steps.filter((step) => !sorted.includes(step)).map(({ id }) => id)
  return left.length === 0
    ? sorted
    : { code: 'needs-cycle', say: `The steps ${left.join(', ')} can never begin: some wait for one another.` }
}

/**
 * What must be done before each step. A plan none of whose steps names a need is done in its own order. In any other, a step waits
 * for what it needs, for what those need, and for each step that comes before it on the same object: two changes of one object are
 * never under way together.
 */
export function stepOrder(steps: readonly OrderedStep[]): StepOrder | Refusal {
  const sorted = sortSteps(steps)
  if (!Array.isArray(sorted)) return sorted
  const isInRow = steps.every(({ needs }) => needs.length === 0)
  const order = new Map<string, Set<string>>()
  for (const [index, step] of sorted.entries()) {
    const direct = sorted
      .slice(0, index)
      .filter(({ id, object }) => isInRow || step.needs.includes(id) || keyOf(object) === keyOf(step.object))
    order.set(step.id, new Set(direct.flatMap(({ id }) => [id, ...(order.get(id) ?? [])])))
  }
  return order
}

/** The most that steps can come to at any one moment, where each comes to so much while it is under way. */
export function mostAtOnce(order: StepOrder, amountOf: (id: string) => number): number {
  const isApart = (a: string, b: string) => a !== b && !order.get(a)?.has(b) && !order.get(b)?.has(a)
  const ids = [...order.keys()]
  const together = ids.map((id) => [id, ...ids.filter((other) => isApart(id, other))])
  return Math.max(0, ...together.map((some) => some.reduce((sum, id) => sum + amountOf(id), 0)))
}
