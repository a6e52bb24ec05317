import { SETTLED, type Execution, type Facts, type Plan } from '@kubewise/contracts'
import { isAttempt } from '../context/facts.ts'
import type { ResolvedStep } from '../playbooks/ask.ts'
import type { Preflight } from './preflight.ts'

/** Outcomes that a remedy is given credit for before it has any of its own. */
const PRIOR_SUCCESSES = 3
const UNTESTED = 0.5

/** Signals of one source share their mistakes, so only the best of each counts, and these add up as independent witnesses. */
function agreement(signals: Facts['signals']): number {
  const best = [...Map.groupBy(signals, ({ source }) => source).values()].map((group) =>
    Math.max(...group.map(({ confidence }) => confidence)),
  )
  return best.length === 0 ? UNTESTED : 1 - best.reduce((doubt, confidence) => doubt * (1 - confidence), 1)
}

/** How often the same action helped this target before. */
function pastSuccess(steps: readonly ResolvedStep[], history: readonly Execution[]): number {
  const action = steps.find((step) => !step.action.isPassive)?.action.name
  const same = history.filter(
    (execution) =>
      isAttempt(execution) &&
      SETTLED.includes(execution.status) &&
      execution.steps.some((step) => step.action === action),
  )
  const recovered = same.filter(({ status }) => status === 'recovered').length
  return (recovered + PRIOR_SUCCESSES) / (same.length + PRIOR_SUCCESSES)
}

const PREFLIGHT: Record<Preflight['outcome'], number> = { passed: 1, 'not-asked': UNTESTED, refused: 0 }

const rounded = (value: number) => Math.round(value * 100) / 100

/**
 * How sure a plan is, with its parts: does a playbook match, do independent signals agree, did it help before, does the server
 * take it. The geometric mean, so that one part at zero makes it zero.
 */
export function confidenceOf(
  facts: Facts,
  steps: readonly ResolvedStep[],
  history: readonly Execution[],
  preflight: Preflight,
): Plan['confidence'] {
  const isPassive = steps.every(({ action }) => action.isPassive)
  const parts = {
    match: 1,
    signals: rounded(agreement(facts.signals)),
    history: rounded(pastSuccess(steps, history)),
    preflight: isPassive ? 1 : PREFLIGHT[preflight.outcome],
  }
  const values = Object.values(parts)
  const product = values.reduce((all, part) => all * part, 1)
  return { value: rounded(product ** (1 / values.length)), parts }
}
