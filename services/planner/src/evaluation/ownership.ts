import { titleOf, type Facts } from '@kubewise/contracts'
import { managerOf } from '@kubewise/kube'
import { autoscalerOf } from '../context/autoscaler-facts.ts'
import type { Context } from '../context/context.ts'
import { pass, refuse, type Draft, type Verdict } from './check.ts'

/** Whoever owns what is changed would take the change back, and the two would fight. */
export function checkOwnership(context: Context, { target }: Facts, drafts: readonly Draft[]): Verdict {
  const title = titleOf(context.incident.target)
  if (target.ownedBy !== '')
    return refuse('owned-elsewhere', `${title} is managed by ${target.ownedBy}, which would revert the change.`)
  // A workload that nobody else owns may have an autoscaler that somebody does: KEDA makes one of its own, say.
  const isOnAutoscaler = drafts.some(({ step }) => step.object.kind === 'HorizontalPodAutoscaler')
  const autoscaler = isOnAutoscaler ? autoscalerOf(context) : undefined
  const manager = autoscaler && managerOf(autoscaler)
  return manager
    ? refuse(
        'owned-elsewhere',
        `The autoscaler of ${title} is managed by ${manager.by}, which would revert the change.`,
      )
    : pass(`Nobody else keeps ${title} as it is.`)
}
