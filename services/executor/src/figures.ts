import { VERDICTS, type VerdictValue } from '@kubewise/contracts'
import { ACTIONS } from '@kubewise/policy'
import type { Metrics } from '@kubewise/service'

/** How an action ended, as it is counted. */
export const ACTION_OUTCOMES = ['observed', 'refused', 'unknown', 'undone', 'undo-refused', 'told'] as const
export type ActionOutcome = (typeof ACTION_OUTCOMES)[number]

const DURATION_BUCKETS = [1, 5, 10, 30, 60, 120, 300, 600, 1200, 3600]

export interface Figures {
  acted(action: string, outcome: ActionOutcome): void
  refused(code: string): void
  verified(verdict: VerdictValue): void
  settled(seconds: number): void
}

export function createFigures(metrics: Metrics): Figures {
  const names = ACTIONS.map(({ name }) => name)
  const actions = metrics.counter('kubewise_actions_total', 'Actions by how they ended.', {
    action: names,
    outcome: ACTION_OUTCOMES,
  })
  const refusals = metrics.counter('kubewise_actions_refused_total', 'Plans and steps that were refused, by code.', {
    guard: [],
  })
  const verdicts = metrics.counter('kubewise_verification_total', 'Verdicts after the steps of a plan.', {
    outcome: VERDICTS,
  })
  const duration = metrics.histogram(
    'kubewise_remediation_duration_seconds',
    'From the claim of a plan to its end, for plans that changed something.',
    DURATION_BUCKETS,
  )
  return {
    acted: (action, outcome) => actions.inc({ action: names.includes(action) ? action : 'unknown', outcome }),
    refused: (guard) => refusals.inc({ guard }),
    verified: (outcome) => verdicts.inc({ outcome }),
    settled: (seconds) => duration.observe(seconds),
  }
}
