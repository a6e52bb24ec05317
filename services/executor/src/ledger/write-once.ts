import type { AuditEntry, Refusal } from '@kubewise/contracts'
import { isCircuitOpen, isKubeError, KubeError } from '@kubewise/kube'
import { killRefusal } from '@kubewise/policy'
import { isRefusal, type Prepared } from '../actions/work.ts'
import { askedAgain } from '../context/asked-again.ts'
import { readKill } from '../context/kill.ts'
import type { Work } from '../work.ts'
import type { EffectName, Trace } from './effects/index.ts'

/** One place in the ledger that a write goes through, forwards or back. */
export interface Slot {
  /** Before the names of crash points. */
  prefix: '' | 'undo-'
  step: string
  events: { intent: AuditEntry['event']; effect: AuditEntry['event'] }
  /** Was it sent, as far as the ledger knows? */
  isSent(): boolean
  /** What the write that the ledger knows of has left, or the next would leave. */
  marker(): string
  /** What the next write leaves. */
  next: string
  prepare(): Promise<Prepared | Refusal>
  toIntent(prepared: Prepared): Promise<void>
  toSent(): Promise<void>
  toObserved(): Promise<void>
  send(prepared: Prepared): Promise<void>
  /** @throws KubeError when the cluster cannot be read */
  observe(): Promise<Trace>
  /** After a conflict: is the object another than the one that was prepared for? Then looking at it anew is no blind repeat. */
  hasMoved(): Promise<boolean>
  /** Does 429 mean that the server is busy? For an eviction it is a disruption budget's no. */
  isBusyBy429: boolean
}

export type WriteOutcome =
  | { outcome: 'observed' }
  | { outcome: 'refused'; refusal: Refusal; answer?: string }
  | { outcome: 'unknown'; refusal: Refusal }

/** One more attempt is due: the write may have been sent, or (a refusal tells why) it certainly was not. */
type Again = 'again' | { again: Refusal }
/** It is not sent any more, now or ever. What an attempt before may have sent is another matter. */
interface Late {
  late: Refusal
}

const MOST_ATTEMPTS = 3
const MOST_READS = 5
const BETWEEN_READS_MS = 1000
const LONGEST_WAIT_MS = 10_000

const refused = (refusal: Refusal, answer?: string): WriteOutcome => ({
  outcome: 'refused',
  refusal,
  ...(answer !== undefined && { answer }),
})

const note = (work: Work, slot: Slot, event: AuditEntry['event'], say: string, detail?: Record<string, unknown>) =>
  work.audit.append({
    event,
    target: work.plan.target,
    plan: work.plan._id,
    step: slot.step,
    epoch: work.lock.epoch,
    say,
    detail: { marker: slot.marker(), ...detail },
  })

/**
 * One write through the ledger: intent, sent, observed. The intent is durable before anything leaves; an answer that did not
 * come is looked for in the cluster, and only what the cluster shows not to be there is sent again, under tests that let one of
 * the two land.
 *
 * @throws LostError when the work is another's; StoreError or KubeError when it cannot be known how far it is: whoever takes
 *   over begins by reading
 */
export async function writeOnce(work: Work, slot: Slot): Promise<WriteOutcome> {
  let mayBeThere = slot.isSent()
  if (mayBeThere) {
    const trace = await traceOf(work, slot, 'done')
    if (trace === 'done') return arrive(work, slot, true)
    await note(work, slot, 'unknown', 'It was not known whether this was done; the cluster shows that it was not.')
  }
  let neverSent: Refusal | undefined
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
    const outcome = await attemptOnce(work, slot)
    if (outcome !== 'again' && 'late' in outcome)
      return mayBeThere ? { outcome: 'unknown', refusal: outcome.late } : refused(outcome.late)
    if (outcome !== 'again' && !('again' in outcome))
      return mayBeThere && outcome.outcome === 'refused' ? foundOut(work, slot, outcome.refusal) : outcome
    mayBeThere ||= outcome === 'again'
    const isFirst = attempt === 1
    neverSent = outcome !== 'again' && (isFirst || neverSent) ? outcome.again : undefined
  }
  if (neverSent) return refused(neverSent)
  const say = `After ${MOST_ATTEMPTS} attempts it is not known to be done, and the cluster does not show it.`
  return { outcome: 'unknown', refusal: { code: 'outcome-unknown', say } }
}

/** A refusal after a write whose answer never came: that one may have landed meanwhile, or may still. */
async function foundOut(work: Work, slot: Slot, refusal: Refusal): Promise<WriteOutcome> {
  return (await traceOf(work, slot, 'done')) === 'done' ? arrive(work, slot, true) : { outcome: 'unknown', refusal }
}

async function attemptOnce(work: Work, slot: Slot): Promise<WriteOutcome | Again | Late> {
  const { crashpoint, lock } = work
  const at = (label: string) => crashpoint(`${slot.prefix}${label}`)
  if (work.barred && slot.prefix === '') return refused(work.barred)
  const tooLate = () => (slot.prefix === '' ? work.tooLate?.() : undefined)
  const lateAlready = tooLate()
  if (lateAlready) return { late: lateAlready }
  at('before-intent')
  const prepared = await slot.prepare()
  if (isRefusal(prepared)) return refused(prepared)
  await note(work, slot, slot.events.intent, sayOf(slot, prepared), { marker: slot.next, changes: prepared.changes })
  at('after-intent-audit')
  await slot.toIntent(prepared)
  at('after-intent')
  await slot.toSent()
  at('before-send')
  await lock.hold((record) => acted(work, record, prepared))
  const readStop = async () => killRefusal(await readKill(work), 'execution')
  const stopped = await (slot.prefix === '' ? readStop() : askedAgain(work, readStop))
  if (stopped) return refused(stopped)
  const late = tooLate()
  if (late) return { late }
  lock.mustBeOurs()
  const error = await slot.send(prepared).then(
    () => undefined,
    (error: unknown) => error,
  )
  at('after-send')
  return error === undefined ? afterSend(work, slot) : afterError(work, slot, error)
}

const VERBS: Readonly<Record<EffectName, string>> = {
  patch: 'Changes',
  resize: 'Resizes',
  evict: 'Evicts',
  delete: 'Deletes',
  create: 'Creates',
}

const sayOf = ({ step }: Slot, { effect, changes }: Prepared) =>
  `${VERBS[effect.kind]} by step ${step}: ${changes.map(({ path }) => path).join(', ')}`

/** The target's record as it is once a write was sent: what budgets and later raises are counted from. */
function acted({ clock, plan }: Work, record: Work['lock']['record'], { originals = {} }: Prepared) {
  const nowMs = clock.now()
  const isSame = record.originalsOf === plan.incident
  return {
    ...record,
    lastActedMs: nowMs,
    actedMs: [...record.actedMs.filter((atMs) => atMs > nowMs - 3_600_000), nowMs],
    originalsOf: plan.incident,
    originals: isSame ? { ...originals, ...record.originals } : originals,
  }
}

/** Reads until the cluster shows what is wanted, or has not shown it several times. @throws KubeError when it cannot be read at all */
async function traceOf(work: Work, slot: Slot, wanted: Trace): Promise<Trace> {
  for (let read = 1; ; read++) {
    const trace = await slot.observe().catch((error: unknown) => {
      if (read >= MOST_READS || !(error instanceof KubeError)) throw error
      return undefined
    })
    if (trace === wanted || trace === 'gone' || (trace !== undefined && read >= MOST_READS)) return trace
    await work.clock.sleep(BETWEEN_READS_MS, work.stopping)
  }
}

async function afterSend(work: Work, slot: Slot): Promise<WriteOutcome> {
  if ((await traceOf(work, slot, 'done')) === 'done') return arrive(work, slot, false)
  const say = 'The server took the change, but it is not there any more: somebody takes it back.'
  return { outcome: 'unknown', refusal: { code: 'reverted', say } }
}

async function arrive(work: Work, slot: Slot, mayBeTold: boolean): Promise<WriteOutcome> {
  if (!mayBeTold || !(await isTold(work, slot)))
    await note(work, slot, slot.events.effect, `The cluster shows step ${slot.step} as done.`)
  await slot.toObserved()
  work.crashpoint(`${slot.prefix}after-observed`)
  return { outcome: 'observed' }
}

/** Whoever had the work before may have died between telling the effect and noting it in the ledger. */
async function isTold({ record, plan }: Work, { step, events, marker }: Slot): Promise<boolean> {
  const { items } = await record.audit.find({ where: { plan: plan._id, step, event: events.effect } })
  return items.some(({ detail }) => detail?.['marker'] === marker())
}

async function afterError(work: Work, slot: Slot, error: unknown): Promise<WriteOutcome | Again> {
  if (!isKubeError(error)) throw error
  if (error.isOutcomeUnknown) {
    const trace = await traceOf(work, slot, 'done')
    return trace === 'done' ? arrive(work, slot, false) : 'again'
  }
  if (isCircuitOpen(error)) {
    await work.clock.sleep(Math.min(error.retryAfterMs ?? BETWEEN_READS_MS, LONGEST_WAIT_MS), work.stopping)
    return { again: { code: 'server-unreachable', say: `Nothing was sent: ${error.message}` } }
  }
  // Whoever sent it before may have been slower than we looked: by its name it is the same.
  if (isKubeError(error, 'already-exists') && (await slot.observe()) === 'done') return arrive(work, slot, false)
  const refusal = { code: `server-${error.kind}`, say: `The API server refused: ${error.message}` }
  if (isKubeError(error, 'too-many-requests') && slot.isBusyBy429) {
    await work.clock.sleep(Math.min(error.retryAfterMs ?? BETWEEN_READS_MS, LONGEST_WAIT_MS), work.stopping)
    return 'again'
  }
  const hasMoved = (isKubeError(error, 'conflict') || isKubeError(error, 'invalid')) && (await slot.hasMoved())
  return hasMoved ? 'again' : refused(refusal, error.message)
}
