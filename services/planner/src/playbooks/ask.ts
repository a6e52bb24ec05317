import type { Facts, PlaybookValue, Refusal } from '@kubewise/contracts'
import {
  celFacts,
  factAt,
  type CelFacts,
  type Condition,
  type LoadedPlaybook,
  type LoadedStep,
} from '@kubewise/playbooks'
import { harmOf } from '@kubewise/policy'

/** A playbook's answer: it applies with these steps, or it would, but for a reason of its own. */
export type Answer =
  | { playbook: LoadedPlaybook; steps: ResolvedStep[]; fallback: ResolvedStep[] }
  | { playbook: LoadedPlaybook; refusal: Refusal }

/** A step with all its values. */
export interface ResolvedStep extends Omit<LoadedStep, 'with' | 'when'> {
  with: Record<string, string | number | boolean>
}

/** A condition or value of a playbook that failed at run time: then the playbook does not apply. */
export interface Failure {
  playbook: string
  say: string
}

export interface Asked {
  /** The first playbook that applies; undefined when none does. */
  answer?: Extract<Answer, { steps: ResolvedStep[] }>
  /** Those before it that would have applied, with their reasons not to. */
  refused: Extract<Answer, { refusal: Refusal }>[]
  failures: Failure[]
}

function resolveValue(facts: Facts, value: PlaybookValue): string | number | boolean {
  if (typeof value !== 'object') return value
  const fact = factAt(facts, value.fact)
  if (fact === undefined) throw new Error(`the fact ${value.fact} is missing`)
  return fact
}

/** An action is offered only on the kinds it is made for: the incident's own target, one of its pods, or what else is its own. */
function assertFits({ action, with: given }: LoadedStep, facts: Facts, values: ResolvedStep['with']): void {
  if (action.isPassive) return
  if (!action.kinds.includes('Pod') && !action.kinds.includes(facts.target.kind))
    throw new Error(`${action.name} does not act on a ${facts.target.kind}`)
  if (action.isOwn?.(facts, values) === false)
    throw new Error(`${action.name}: ${JSON.stringify(given)} is none of the target's own`)
}

function resolveStep(facts: Facts, { when: _when, ...step }: LoadedStep): ResolvedStep {
  const values = Object.fromEntries(
    Object.entries(step.with).map(([name, value]) => [name, resolveValue(facts, value)]),
  )
  const decoded = step.action.decode(values)
  if (!decoded.ok) throw new Error(`${step.action.name}: ${decoded.errors.join('; ')}`)
  assertFits(step, facts, decoded.value)
  return { ...step, with: decoded.value }
}

/** What a step waits for among those that are taken: in place of one that is left out, what that one waited for. */
function needsAmong(taken: ReadonlySet<string>, all: readonly LoadedStep[], { needs }: LoadedStep): string[] {
  const found = needs.flatMap((need) => {
    if (taken.has(need)) return [need]
    const leftOut = all.find(({ id }) => id === need)
    return leftOut ? needsAmong(taken, all, leftOut) : []
  })
  return [...new Set(found)]
}

/** The steps whose own condition holds, with values. */
function resolveSteps(facts: Facts, cel: CelFacts, steps: readonly LoadedStep[]): ResolvedStep[] {
  const taken = steps.filter(({ when }) => when === undefined || when(cel))
  const ids = new Set(taken.map(({ id }) => id))
  return taken.map((step) => resolveStep(facts, { ...step, needs: needsAmong(ids, steps, step) }))
}

/** Whoever wrote a playbook: a step that would harm is not taken, and the next playbook is asked. */
function firstHarm(steps: readonly ResolvedStep[], facts: Facts): Refusal | undefined {
  for (const { action, with: given } of steps) {
    const harm = harmOf(action.name, given, facts)
    if (harm) return harm
  }
  return undefined
}

function answerOf(playbook: LoadedPlaybook, facts: Facts, cel: CelFacts): Answer | undefined {
  if (!playbook.when(cel)) return undefined
  const refusal = playbook.not.find(({ when }: { when: Condition }) => when(cel))
  if (refusal) return { playbook, refusal: { code: refusal.code, say: refusal.say } }
  const steps = resolveSteps(facts, cel, playbook.steps)
  // One that has steps, none of which holds now, says nothing; doing nothing must be meant.
  if (steps.length === 0 && playbook.steps.length > 0) return undefined
  const fallback = resolveSteps(facts, cel, playbook.fallback)
  const harm = firstHarm([...steps, ...fallback], facts)
  return harm ? { playbook, refusal: harm } : { playbook, steps, fallback }
}

/**
 * Asks the playbooks in their order; the first that applies, and does not itself say why not, has the word. What fails at run
 * time counts as not applying, never as true.
 */
export function askPlaybooks(playbooks: readonly LoadedPlaybook[], facts: Facts): Asked {
  const cel = celFacts(facts)
  const asked: Asked = { refused: [], failures: [] }
  for (const playbook of playbooks) {
    try {
      const answer = answerOf(playbook, facts, cel)
      if (answer && 'refusal' in answer) asked.refused.push(answer)
      else if (answer) return { ...asked, answer }
    } catch (error) {
      asked.failures.push({ playbook: playbook.name, say: error instanceof Error ? error.message : String(error) })
    }
  }
  return asked
}
