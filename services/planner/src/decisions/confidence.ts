import { keyOf, type Facts, type Plan } from '@kubewise/contracts'
import type { Context } from '../context/context.ts'
import { calibrated } from '../learning/calibration.ts'
import { standingOf } from '../learning/standing.ts'
import type { Remedy } from './choice.ts'

const UNTESTED = 0.5

/** Signals of one source share their mistakes, so only the best of each counts, and these add up as independent witnesses. */
function agreement(signals: Facts['signals']): number {
  const best = [...Map.groupBy(signals, ({ source }) => source).values()].map((group) =>
    Math.max(...group.map(({ confidence }) => confidence)),
  )
  return best.length === 0 ? UNTESTED : 1 - best.reduce((doubt, confidence) => doubt * (1 - confidence), 1)
}

/** How often the same remedy helped before: here and elsewhere, and on this very target, of which the lesser counts. */
function pastSuccess({ steps, cause }: Pick<Remedy, 'steps' | 'cause'>, { target }: Facts, context: Past): number {
  const action = steps.find((step) => !step.action.isPassive)?.action.name
  if (action === undefined) return 1
  const remedied = { cause, action, workloadKind: target.kind }
  const own = context.outcomes.filter((outcome) => keyOf(outcome.target) === keyOf(context.incident.target))
  return Math.min(...[context.outcomes, own].map((list) => standingOf(remedied, list, context.nowMs).rate))
}

const rounded = (value: number) => Math.round(value * 100) / 100

type Past = Pick<Context, 'outcomes' | 'incident' | 'nowMs'>

/**
 * How sure a plan is, with its parts: does a playbook match, do independent signals agree, did it help before, does the server
 * take it. The geometric mean, so that one part at zero makes it zero; then what plans of that confidence have been worth.
 *
 * @param preflight share of what was asked of the plan and answered; see `preflightShare`
 */
export function confidenceOf(
  facts: Facts,
  remedy: Pick<Remedy, 'steps' | 'cause'>,
  past: Past,
  preflight: number,
): Plan['confidence'] {
  const isPassive = remedy.steps.every(({ action }) => action.isPassive)
  const parts = {
    match: 1,
    signals: rounded(agreement(facts.signals)),
    history: rounded(pastSuccess(remedy, facts, past)),
    preflight: isPassive ? 1 : preflight,
  }
  const values = Object.values(parts)
  const computed = values.reduce((all, part) => all * part, 1) ** (1 / values.length)
  return {
    value: rounded(isPassive ? computed : calibrated(computed, past.outcomes)),
    parts: { ...parts, computed: rounded(computed) },
  }
}
