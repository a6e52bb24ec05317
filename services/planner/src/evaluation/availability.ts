import { titleOf, type Facts } from '@kubewise/contracts'
import { actionNamed } from '@kubewise/policy'
import type { Context } from '../context/context.ts'
import { isSelected } from '../context/selector.ts'
import { matchingBudgets } from '../context/surroundings.ts'
import type { Arrival } from './arrivals.ts'
import { gravest, refuse, type Draft, type Verdict } from './check.ts'

function ownedReplicas({ incident }: Context, facts: Facts, drafts: readonly Draft[]): Verdict[] {
  const setsReplicas = drafts.some(({ step }) => actionNamed(step.action)?.setsReplicas)
  return facts.target.hasAutoscaler && setsReplicas
    ? [
        refuse(
          'autoscaler-owned',
          `A HorizontalPodAutoscaler sets the replicas of ${titleOf(incident.target)}, and would set them back within 15 s.`,
        ),
      ]
    : []
}

/** The least of the budgets holds; what a rollout takes beyond them the controller would take without asking. */
function overBudget(context: Context, { readyTaken }: Arrival): Verdict[] {
  return matchingBudgets(context)
    .filter(({ disruptionsAllowed }) => readyTaken > disruptionsAllowed)
    .map(({ name, disruptionsAllowed }) =>
      refuse(
        'pdb-exhausted',
        `The disruption budget ${name} lets ${disruptionsAllowed} ready pods go now; ${readyTaken} would be.`,
      ),
    )
}

/** The eviction API takes no pod that several budgets match. */
function severalBudgets({ budgets, pods }: Context, { step }: Draft): Verdict[] {
  if (step.action !== 'evict-pod@1') return []
  const labels = pods.find(({ metadata }) => metadata?.uid === step.with['uid'])?.metadata?.labels
  const matching = budgets.filter(({ spec }) => isSelected(spec?.selector, labels))
  return matching.length > 1
    ? [
        refuse(
          'pdb-several',
          `${matching.length} disruption budgets match the pod (${matching.map(({ metadata }) => metadata?.name).join(', ')}), so that it cannot be evicted.`,
        ),
      ]
    : []
}

/** What the steps take from what serves now: replicas that an autoscaler owns, pods that a disruption budget keeps. */
export function checkAvailability(
  context: Context,
  facts: Facts,
  drafts: readonly Draft[],
  arrivals: readonly Arrival[],
): Verdict {
  const taken = arrivals.reduce((all, { readyTaken }) => all + readyTaken, 0)
  return gravest(
    [
      ...ownedReplicas(context, facts, drafts),
      ...drafts.flatMap((draft) => severalBudgets(context, draft)),
      ...arrivals.flatMap((arrival) => overBudget(context, arrival)),
    ],
    taken > 0 && taken >= facts.target.ready
      ? 'It takes the only ready pod, so that a person must agree.'
      : `${taken} of ${facts.target.ready} ready pods go before others come.`,
  )
}
