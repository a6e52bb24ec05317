import {
  COLLECTIONS,
  SETTLED,
  type Execution,
  type ExecutionStatus,
  type Outcome,
  type Plan,
} from '@kubewise/contracts'
import { actionNamed } from '@kubewise/policy'
import type { Clock } from '@kubewise/service'
import type { Store } from '@kubewise/store'
import { isAttempt } from '../context/facts.ts'

/** Outcomes that are learnt from; older ones weigh next to nothing. */
const MOST_REMEMBERED = 500
/** What others record is seen within this long. */
const KEPT_MS = 15_000

const BY_STATUS: Partial<Record<ExecutionStatus, Outcome['result']>> = {
  recovered: 'recovered',
  undone: 'not-recovered',
  failed: 'not-recovered',
}

/** How a plan ended, as something to learn from. @returns undefined where nothing was changed, or it is not over */
export function outcomeOf(plan: Plan, execution: Execution): Omit<Outcome, 'version'> | undefined {
  const action = execution.steps.find(
    (step) => !step.isFallback && actionNamed(step.action)?.isPassive !== true,
  )?.action
  if (action === undefined || !SETTLED.includes(execution.status) || !isAttempt(execution)) return undefined
  const { target, cluster, cause, confidence, origin } = plan
  return {
    _id: plan._id,
    cluster,
    target,
    workloadKind: target.kind,
    cause,
    action,
    ...(origin.kind === 'playbook' && { playbook: origin.name }),
    result: BY_STATUS[execution.status] ?? execution.verdict?.value ?? 'inconclusive',
    confidence: confidence.value,
    endedMs: execution.finishedMs ?? execution.claimedMs,
  }
}

/** What became of past plans. */
export interface Outcomes {
  /** Remembers how an execution ended, once however often it is told. */
  record(execution: Execution): Promise<void>
  /** The newest of this cluster. @throws StoreError */
  recent(): Promise<readonly Outcome[]>
}

export function createOutcomes({ store, clock }: { store: Store; clock: Clock }, cluster: string): Outcomes {
  const outcomes = store.collection(COLLECTIONS.outcomes)
  const plans = store.collection(COLLECTIONS.plans)
  let kept: { list: Promise<readonly Outcome[]>; untilMs: number } | undefined

  async function read(): Promise<readonly Outcome[]> {
    const page = { where: { cluster }, orderBy: 'endedMs', direction: 'desc', limit: MOST_REMEMBERED } as const
    return (await outcomes.find(page)).items
  }

  return {
    async record(execution) {
      const plan = await plans.get(execution._id)
      const outcome = plan && outcomeOf(plan, execution)
      if (!outcome) return
      if ((await outcomes.insert(outcome)) === 'inserted') kept = undefined
    },
    recent() {
      if (kept && clock.monotonic() < kept.untilMs) return kept.list
      const mine = { list: read(), untilMs: clock.monotonic() + KEPT_MS }
      kept = mine
      mine.list.catch(() => {
        if (kept === mine) kept = undefined
      })
      return mine.list
    },
  }
}
