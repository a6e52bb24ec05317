import type { ExecutionStep, PlanStep } from '@kubewise/contracts'
import { actionNamed } from '@kubewise/policy'
import type { WriteOutcome } from '../ledger/write-once.ts'
import { planStepOf, type Work } from '../work.ts'

const SECOND = 1000
const DONE: WriteOutcome = { outcome: 'observed' }

/** How a step that changes nothing in the cluster is done, by the name of its action. */
type Passive = (work: Work, step: ExecutionStep, planned: Pick<PlanStep, 'with'>) => Promise<WriteOutcome>

const ended = (work: Work, id: string, status: 'observed' | 'escalated') =>
  work.ledger.changeStep(id, (each) => ({
    ...each,
    status,
    ...(status === 'observed' && { observedMs: work.clock.now() }),
  }))

const sayOf = ({ with: { say } }: Pick<PlanStep, 'with'>, otherwise: string) =>
  typeof say === 'string' ? say : otherwise

async function callAPerson(work: Work, id: string, say: string, step?: string): Promise<WriteOutcome> {
  const { teller, plan, ledger } = work
  const about = { execution: ledger.execution, ...(step !== undefined && { step }) }
  teller.tell(plan, 'escalated', say, { ...about, mayNote: false })
  await ended(work, id, 'escalated')
  return DONE
}

const escalate: Passive = (work, { id }, planned) => callAPerson(work, id, sayOf(planned, work.plan.reasoning))

const proposePatch: Passive = async (work, { id }) => {
  const { proposal, reasoning } = work.plan
  if (!proposal)
    return {
      outcome: 'refused',
      refusal: { code: 'no-proposal', say: 'The plan has no patch that could be proposed.' },
    }
  return callAPerson(work, id, `${reasoning} ${proposal.say}\n${proposal.patch}`, id)
}

const notify: Passive = async (work, { id }, planned) => {
  const { teller, plan, ledger } = work
  teller.tell(plan, 'noticed', sayOf(planned, plan.reasoning), {
    execution: ledger.execution,
    mayNote: false,
    step: id,
  })
  await ended(work, id, 'observed')
  return DONE
}

/** Whoever takes over waits for what is left; a clock that jumped makes it no longer than was asked for. */
const wait: Passive = async (work, { id, intentMs }, { with: given }) => {
  const { clock, stopping, ledger } = work
  const wantedMs = Number(given['seconds']) * SECOND
  const sinceMs = intentMs ?? clock.now()
  if (intentMs === undefined) await ledger.changeStep(id, (each) => ({ ...each, status: 'intent', intentMs: sinceMs }))
  await clock.sleep(Math.min(wantedMs, Math.max(0, sinceMs + wantedMs - clock.now())), stopping)
  await ended(work, id, 'observed')
  return DONE
}

const noOp: Passive = async (work, { id }) => {
  await ended(work, id, 'observed')
  return DONE
}

const PASSIVES: ReadonlyMap<string, Passive> = new Map([
  ['escalate@1', escalate],
  ['propose-patch@1', proposePatch],
  ['notify@1', notify],
  ['wait@1', wait],
  ['no-op@1', noOp],
])

/** Does a step that only tells or waits. */
export async function carryOutPassive(work: Work, id: string): Promise<WriteOutcome> {
  const step = work.ledger.step(id)
  const passive = PASSIVES.get(actionNamed(step.action)?.name ?? '')
  if (!passive)
    return { outcome: 'refused', refusal: { code: 'action-unknown', say: `There is no action ${step.action}.` } }
  const planned = planStepOf(work.plan, step)
  const decoded = actionNamed(step.action)?.decode(planned.with)
  // A person is called whatever else is wrong.
  if (decoded?.ok === false && passive !== escalate)
    return { outcome: 'refused', refusal: { code: 'parameters-invalid', say: `${decoded.errors.join('; ')}.` } }
  const outcome = await passive(work, step, planned)
  work.figures.acted(step.action, outcome.outcome === 'observed' ? 'told' : outcome.outcome)
  return outcome
}

/** Actions that are done so; a test holds them and the catalogue together. */
export const PASSIVE_ACTIONS: readonly string[] = [...PASSIVES.keys()]
