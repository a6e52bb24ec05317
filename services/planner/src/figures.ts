import { RELATIONS } from '@kubewise/contracts'
import type { Metrics } from '@kubewise/service'
import { SECONDS_BUCKETS } from '@kubewise/service'

const ANOMALY_OUTCOMES = ['opened', 'joined', 'ended', 'repeated', 'silenced'] as const

/** What the planner counts. */
export function createFigures(metrics: Metrics) {
  const open = new Set<string>()
  metrics.sampled('kubewise_incidents_open', 'Incidents that are open.', () => open.size)
  return {
    /** Ids of the incidents that are open, as far as this process knows. */
    open,
    anomalies: metrics.counter('kubewise_planner_anomalies_total', 'Anomalies taken in, by what became of them.', {
      outcome: ANOMALY_OUTCOMES,
    }),
    plans: metrics.counter('kubewise_plans_total', 'Plans made, by who made them and what they are.', {
      provider: ['playbook', 'llm'],
      outcome: ['plan', 'no-action', 'escalate'],
    }),
    decisions: metrics.counter('kubewise_decisions_total', 'Decisions taken, equal ones included.', {
      outcome: ['plan', 'no-action', 'escalate', 'wait', 'close'],
    }),
    decisionSeconds: metrics.histogram(
      'kubewise_decision_seconds',
      'From the start of a decision to its record, reads included.',
      SECONDS_BUCKETS,
    ),
    playbookFailures: metrics.counter(
      'kubewise_playbook_failures_total',
      'Playbooks that failed at run time and so did not apply.',
      {
        playbook: [],
      },
    ),
    merged: metrics.counter(
      'kubewise_incidents_merged_total',
      'Incidents that became a part of their cause’s, by how they hang on it.',
      {
        relation: [...RELATIONS],
      },
    ),
    /** Silences that cover nothing because they cannot be read as meant. */
    silenceMistakes: metrics.counter('kubewise_silence_mistakes_total', 'Silences with an expression that is none.'),
  }
}

export type Figures = ReturnType<typeof createFigures>
