import type { Execution, ExecutionStep, Refusal } from '@kubewise/contracts'
import { UNREADABLE } from '../context/asked-again.ts'
import type { Work } from '../work.ts'
import { untoldBy } from './settle.ts'

const SECOND = 1000
const HOUR = 3_600_000
const FIRST_WAIT_MS = 5 * SECOND
const LONGEST_WAIT_MS = 60 * SECOND
/** How much longer than the longest a wait can seem; beyond, a clock was set back, and it means nothing. */
const BELIEVED_WAITS = 2
/** For so long taking back is tried again; then it stands as it is, and a person has it. */
export const LONGEST_OWED_MS = 24 * HOUR

/** Why nothing is taken back now, and may be later. All else is an answer: changed since, gone, another's, out of scope. */
const CAN_PASS: ReadonlySet<string> = new Set([
  ...UNREADABLE,
  'kill-switch',
  'guard-failed',
  'incident-unknown',
  'outcome-unknown',
  'server-unreachable',
  'server-unavailable',
  'server-timeout',
  'server-malformed',
  'server-too-many-requests',
  'server-unauthorized',
  'server-conflict',
])

/** How long nobody tries after so many tries, in milliseconds. */
const waitMs = (tries: number): number => Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (tries - 1))

/** Is it too early for another try? */
export const mustRest = ({ owed }: Execution, nowMs: number): boolean =>
  owed !== undefined && nowMs < owed.notBeforeMs && owed.notBeforeMs <= nowMs + BELIEVED_WAITS * LONGEST_WAIT_MS

/** May a refusal to take back pass, so that it stays owed? Not for ever. */
export function staysOwed({ ledger, clock }: Work, { code }: Refusal): boolean {
  const { owed } = ledger.execution
  return CAN_PASS.has(code) && (owed === undefined || clock.now() - owed.sinceMs < LONGEST_OWED_MS)
}

/**
 * Lets an execution go that owes that something is taken back. Its target stays locked for its plan, as that of every execution
 * which is not at its end; whoever sweeps it up after a while tries again. People are told of the first time alone.
 */
export async function owe(work: Work, { id }: ExecutionStep, { say }: Refusal): Promise<void> {
  const { ledger, clock, audit, plan, lock, options, teller, log, crashpoint } = work
  const { owed: before } = ledger.execution
  const nowMs = clock.now()
  const tries = (before?.tries ?? 0) + 1
  // A clock that was ahead must not keep it owed for ever.
  const sinceMs = Math.min(before?.sinceMs ?? nowMs, nowMs)
  const owed = { sinceMs, tries, notBeforeMs: nowMs + waitMs(tries), say }
  if (!before)
    await audit.append({
      event: 'refused',
      target: plan.target,
      plan: plan._id,
      step: id,
      epoch: lock.epoch,
      say: `Not taken back yet: ${say}`,
    })
  // In the same write, so that a message that is not taken, or a death before it is sent, cannot lose it.
  const told = before ? {} : untoldBy(options)
  await ledger.change((execution) => ({ ...execution, ...told, owed, holderUntilMs: 0 }))
  crashpoint('after-owed')
  log.warn({ plan: plan._id, step: id, tries, say }, 'not taken back yet')
  if (!before)
    teller.tell(plan, 'undo-owed', say, { execution: ledger.execution, mayNote: false, step: String(sinceMs) })
}

const lasted = (ms: number) => (ms < HOUR ? `${Math.ceil(ms / (60 * SECOND))} min` : `${Math.round(ms / HOUR)} h`)

/** How what was owed came to its end, before what is told of it anyway. */
export function sayOfOwed({ owed, steps }: Execution, nowMs: number, say: string): string {
  if (!owed) return say
  const left = steps.find(({ undo }) => undo?.status === 'refused')
  const after = lasted(nowMs - owed.sinceMs)
  return left?.undo
    ? `Could not be taken back, after ${after}: ${left.undo.say} ${say}`
    : `Taken back after ${after}. ${say}`
}
