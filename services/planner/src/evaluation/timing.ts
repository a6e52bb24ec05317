import { titleOf, type Facts } from '@kubewise/contracts'
import type { Context } from '../context/context.ts'
import { doubt, gravest, refuse, type Draft, type Verdict } from './check.ts'

/** New pods are made of the same, so that a rollout or a dependency decides how they fare. */
const RENEWS: ReadonlySet<string> = new Set(['restart@1', 'evict-pod@1', 'scale@1'])

/** A rollout within its deadline whose pods can run is on its way: nothing is thrown in. */
function inRollout({ incident }: Context, { rollout }: Facts, drafts: readonly Draft[]): Verdict[] {
  const isUnderWay = rollout.current !== '' && !rollout.complete && !rollout.deadlineExceeded
  if (!isUnderWay || rollout.failingPods > 0) return []
  return drafts
    .filter(({ step }) => step.action === 'restart@1')
    .map(() => refuse('rollout-in-progress', `${titleOf(incident.target)} rolls out, within its deadline.`))
}

function withoutDependency({ dependencies }: Facts, drafts: readonly Draft[]): Verdict[] {
  const down = dependencies.filter(({ available }) => !available).map(({ namespace, name }) => `${namespace}/${name}`)
  if (down.length === 0) return []
  const say = `${down.join(', ')} ${down.length === 1 ? 'is' : 'are'} down`
  return drafts
    .filter(({ step }) => step.preconditions.length > 0)
    .map(({ step }) =>
      RENEWS.has(step.action)
        ? refuse('dependency-down', `${say}, so that new pods would fare no better.`)
        : doubt(`${say}, so that whether it helps will be hard to tell.`),
    )
}

/** Is this the moment? By a rollout under way and dependencies; windows, cooldown and budgets are the guards' matter. */
export function checkTiming(context: Context, facts: Facts, drafts: readonly Draft[]): Verdict {
  return gravest(
    [...inRollout(context, facts, drafts), ...withoutDependency(facts, drafts)],
    'No rollout or dependency stands in the way.',
  )
}
