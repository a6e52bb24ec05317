import type { Execution, ExecutionStep, Plan, PlanStep } from '@kubewise/contracts'
import { FALLBACK_ID, sortSteps } from '@kubewise/policy'
import type { Runtime } from '../runtime.ts'
import { announce } from './ledger.ts'

type ClaimPorts = Pick<Runtime, 'record' | 'bus' | 'clock' | 'log' | 'holder' | 'options'>

/** How much longer than a lease a holder's word can be ahead; beyond, a clock was set back, and the word means nothing. */
const BELIEVED_LEASES = 2

/** The name of a plan's step within its execution. */
export const stepId = (step: Pick<PlanStep, 'id'>, isFallback: boolean): string =>
  isFallback ? `${FALLBACK_ID}${step.id}` : step.id

const markerOf = (plan: string, step: string, epoch: number): string => `${plan}/${step}/${epoch}`

function stepOf(plan: Plan, step: PlanStep, isFallback: boolean): ExecutionStep {
  const id = stepId(step, isFallback)
  const { action, object } = step
  return { id, action, object, isFallback, status: 'pending', marker: markerOf(plan._id, id, 0), changes: [] }
}

/** In an order in which they can be done; those that cannot be stay as they are, and a guard refuses the plan. */
function stepsOf(plan: Plan, steps: readonly PlanStep[], isFallback: boolean): ExecutionStep[] {
  const sorted = sortSteps(steps)
  return (Array.isArray(sorted) ? sorted : steps).map((step) => stepOf(plan, step, isFallback))
}

/** Does somebody work on it now? */
export function isHeld({ holderUntilMs }: Execution, nowMs: number, leaseMs: number): boolean {
  return nowMs < holderUntilMs && holderUntilMs <= nowMs + leaseMs * BELIEVED_LEASES
}

/**
 * Makes a plan ours, by unique insert or, where its holder fell silent, by compare-and-set.
 *
 * @param found the execution as it was read, if there is one
 * @returns undefined when another was faster
 */
export async function claim(
  ports: ClaimPorts,
  plan: Plan,
  found: Execution | undefined,
): Promise<Execution | undefined> {
  const { record, clock, holder, options } = ports
  const holding = { holder, holderUntilMs: clock.now() + options.leaseMs }
  if (found) {
    // From here on it counts as under way, for every other executor's budgets.
    const { refusal, ...rest } = found
    const next = { ...rest, ...(found.status !== 'claimed' && refusal && { refusal }), ...holding }
    return (await record.executions.replace(next)) === 'replaced' ? { ...next, version: next.version + 1 } : undefined
  }
  const fresh = {
    _id: plan._id,
    cluster: plan.cluster,
    incident: plan.incident,
    target: plan.target,
    planHash: plan.hash,
    status: 'claimed' as const,
    ...holding,
    epoch: 0,
    claimedMs: clock.now(),
    steps: [...stepsOf(plan, plan.steps, false), ...stepsOf(plan, plan.fallback, true)],
  }
  if ((await record.executions.insert(fresh)) === 'exists') return undefined
  const execution = { ...fresh, version: 1 }
  announce(ports, execution)
  return execution
}
