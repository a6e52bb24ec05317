import type { ExecutionStep, Plan, PlanStep, Refusal } from '@kubewise/contracts'
import type { Limits } from '@kubewise/policy'
import type { StormWatch } from './context/storm.ts'
import { stepId } from './ledger/claim.ts'
import type { Ledger } from './ledger/ledger.ts'
import type { TargetLock } from './ledger/lock.ts'
import type { Runtime } from './runtime.ts'

/** One plan in hand: claimed, its target locked. */
export interface Work extends Runtime {
  plan: Plan
  ledger: Ledger
  lock: TargetLock
  limits: Limits
  stormWatch: StormWatch
  /** Whether an Event may be written on the target: not where nothing at all may be. */
  mayNote: boolean
  /** Work that was taken over, and may only be brought to its end: why nothing new may be sent. */
  barred?: Refusal
  /** Asked right before anything is sent: why the step in hand must not be any more. */
  tooLate?: () => Refusal | undefined
  /** Aborts when the process stops or the work is lost: what runs goes no further than its next durable point. */
  stopping: AbortSignal
}

type PlannedStep = Pick<PlanStep, 'with' | 'object' | 'preconditions' | 'timeoutSeconds'>

/** For what was added while working. */
const ADDED_TIMEOUT_SECONDS = 60

/** The plan's step behind a step of the execution; for what was added while working, one made from its object. */
export function planStepOf(plan: Plan, step: ExecutionStep): PlannedStep {
  const planned = (step.isFallback ? plan.fallback : plan.steps).find(
    (each) => stepId(each, step.isFallback) === step.id,
  )
  return (
    planned ?? {
      object: step.object,
      with: { pod: step.object.name, uid: step.object.uid ?? '' },
      preconditions: [],
      timeoutSeconds: ADDED_TIMEOUT_SECONDS,
    }
  )
}
