import { keyOf, type ExecutionStep, type Refusal, type Target } from '@kubewise/contracts'
import { isKubeError, isPodReady } from '@kubewise/kube'
import { readyPodsAllowed } from '@kubewise/policy'
import { irreversible, isRefusal, uidOf, type Member, type SeveralWork } from '../actions/work.ts'
import { UNREADABLE } from '../context/asked-again.ts'
import { gather, readSettings } from '../context/gather.ts'
import { readWorkload, wantedOf } from '../context/workload.ts'
import { isMemberOf, memberId } from '../ledger/members.ts'
import { stepSlot } from '../ledger/slots.ts'
import { objectFor, objectPreparationOf } from '../ledger/subject.ts'
import { writeOnce, type Slot, type WriteOutcome } from '../ledger/write-once.ts'
import type { Work } from '../work.ts'
import { leftMsOf } from './deadline.ts'
import { noLongerAllowed, notAllowedOn } from './still-allowed.ts'

type NotDone = Exclude<WriteOutcome, { outcome: 'observed' }>
/** What became of one look at the members: another is due, at once or after a while, or it is over. */
type Turn = 'next' | { waitFor: Refusal } | WriteOutcome

const SECOND = 1000
const BETWEEN_TRIES_MS = 5 * SECOND
const IS_OPEN: ReadonlySet<string> = new Set(['pending', 'intent', 'sent'])
/** Somebody else may have been faster: a pod that is not there any more is all that was wanted. */
const IS_GONE: ReadonlySet<string> = new Set(['pod-gone', 'server-not-found', 'server-conflict'])
const BUDGET_SAYS_NO = 'server-too-many-requests'

const membersOf = ({ ledger }: Work, parent: string): ExecutionStep[] =>
  ledger.execution.steps.filter((step) => isMemberOf(parent, step))

const refused = (refusal: Refusal): NotDone => ({ outcome: 'refused', refusal })

/**
 * Carries out a step on several pods: its own write first, then one step of the ledger for each pod, one after the other. Whether
 * KubeWise may still write is asked again before each. A resume looks at what is there and adds only what the ledger does not have,
 * so that no pod is taken twice. What a disruption budget, another remediation or too few ready pods forbid is waited for until the
 * step's time is over.
 *
 * @throws LostError, StoreError as `writeOnce`
 */
export async function carryOutSeveral(work: Work, id: string, action: SeveralWork): Promise<WriteOutcome> {
  const first = await beforeMembers(work, id, action)
  if (first) return first
  const deadlineMs = work.clock.monotonic() + leftMsOf(work, id)
  let waited: Refusal | undefined
  for (;;) {
    work.stopping.throwIfAborted()
    if (work.clock.monotonic() >= deadlineMs) return stopped(work, id, overdue(waited))
    const turn = await takeTurn(work, id, action)
    if (turn === 'next') continue
    if ('waitFor' in turn) {
      waited = turn.waitFor
      await work.clock.sleep(BETWEEN_TRIES_MS, work.stopping)
    } else return turn.outcome === 'observed' ? done(work, id) : stopped(work, id, turn.refusal)
  }
}

const overdue = (waited: Refusal | undefined): Refusal => ({
  code: 'deadline',
  say: `Its time is over.${waited ? ` What it waited for: ${waited.say}` : ''}`,
})

/** @throws KubeError */
async function listed(work: Work, id: string, action: SeveralWork): Promise<readonly Member[] | Refusal> {
  const step = work.ledger.step(id)
  const object = await objectFor(work, step)
  if (isRefusal(object)) return object
  const { protectedNamespaces } = await readSettings(work, work.plan)
  const known = membersOf(work, id)
  const taken = known.filter(({ status }) => !IS_OPEN.has(status))
  const members = await action.members(
    { ...objectPreparationOf(work, step, object), protectedNamespaces },
    taken.filter(({ status }) => status === 'observed').length,
  )
  if (isRefusal(members)) return members
  const isTaken = new Set(taken.map(({ object }) => object.uid))
  return members.filter(({ pod }) => !isTaken.has(uidOf(pod)))
}

/** Each pod is a step of its own to the budgets of an hour; the guards have seen one step alone. */
async function overBudget(work: Work, members: readonly Member[]): Promise<Refusal | undefined> {
  const { acted, limits } = await gather(work, work.stormWatch, work.plan)
  if (!acted.isKnown)
    return { code: 'acted-unknown', say: `What was done in the last hour cannot be read: ${acted.why}` }
  const { inCluster, inNamespace } = acted.value
  if (inCluster + members.length > limits.maxPerHour)
    return {
      code: 'budget-hour',
      say: `${members.length} pods would be taken, after ${inCluster} steps in the last hour, of ${limits.maxPerHour} allowed.`,
    }
  for (const [namespace, some] of Map.groupBy(members, ({ target }) => target.namespace)) {
    const before = namespace === work.plan.target.namespace ? inNamespace : 0
    if (before + some.length > limits.maxPerHourPerNamespace)
      return {
        code: 'budget-hour-namespace',
        say: `${some.length} pods of ${namespace} would be taken, after ${before} steps in the last hour, of ${limits.maxPerHourPerNamespace} allowed.`,
      }
  }
  return undefined
}

const targetsOf = (members: readonly Member[]): Target[] => [
  ...new Map(members.map(({ target }) => [keyOf(target), target])).values(),
]

/** Looks at all of them before anything is done, then writes to the step's own object; that it is at work stays in the ledger. */
async function beforeMembers(work: Work, id: string, action: SeveralWork): Promise<NotDone | undefined> {
  const { ledger, clock } = work
  const { status } = ledger.step(id)
  const isNew = status === 'pending' || (action.prepare !== undefined && status === 'intent')
  if (isNew) {
    const members = await listed(work, id, action)
    if (isRefusal(members)) return refused(members)
    const tooMany = await overBudget(work, members)
    if (tooMany) return refused(tooMany)
    for (const target of targetsOf(members)) {
      const refusal = (await notAllowedOn(work, target)) ?? (await work.lock.include(target))
      if (refusal) return refused(refusal)
    }
  }
  if (!action.prepare) {
    if (isNew)
      await ledger.changeStep(id, (step) => ({
        ...step,
        status: 'intent',
        intentMs: clock.now(),
        undo: irreversible('Each of its pods says for itself.'),
      }))
    return undefined
  }
  const slot = stepSlot(work, id)
  if (isRefusal(slot)) return refused(slot)
  // It stays `sent` until its last pod is done: whoever takes over begins by looking at it.
  const ended = await writeOnce(work, { ...slot, toObserved: async () => undefined })
  return ended.outcome === 'observed' ? undefined : ended
}

/** @returns undefined when the cluster could not be read: another look is due */
async function lookAt(work: Work, id: string, action: SeveralWork): Promise<readonly Member[] | Refusal | undefined> {
  try {
    return await listed(work, id, action)
  } catch (error) {
    if (!isKubeError(error)) throw error
    return undefined
  }
}

const isUnread = ({ code }: Refusal) => UNREADABLE.has(code)

async function takeTurn(work: Work, id: string, action: SeveralWork): Promise<Turn> {
  const barred = work.barred && !isUnread(work.barred) ? work.barred : await noLongerAllowed(work)
  const { barred: _before, ...unbarred } = work
  const mine = barred ? { ...work, barred } : unbarred
  const sent = membersOf(work, id).find(({ status }) => status === 'sent')
  if (sent) return takeOne(mine, sent.id)
  // What could not be read is looked at anew: a pause of ours, or of the API server, is no reason to leave a node half drained.
  if (barred) return isUnread(barred) ? { waitFor: barred } : refused(barred)
  const members = await lookAt(work, id, action)
  if (!members) return { waitFor: { code: 'target-unknown', say: 'The pods could not be read.' } }
  if (isRefusal(members)) return isUnread(members) ? { waitFor: members } : refused(members)
  const [next] = members
  if (!next) return { outcome: 'observed' }
  const forbidden = await notAllowedOn(work, next.target)
  if (forbidden) return isUnread(forbidden) ? { waitFor: forbidden } : refused(forbidden)
  const waitFor = (await work.lock.include(next.target)) ?? (await tooFewReady(work, next))
  if (waitFor) return { waitFor }
  return takeOne(mine, await added(work, id, next))
}

/** Its replacement must be ready before the next ready one of a workload goes. A workload's only one goes by the plan's approval. */
async function tooFewReady({ kube, limits }: Work, { pod, target }: Member): Promise<Refusal | undefined> {
  const view = isPodReady(pod) ? await readWorkload(kube, target).catch(() => 'unreadable' as const) : undefined
  if (view === 'unreadable') return { code: 'target-unknown', say: `${target.kind} ${target.name} could not be read.` }
  if (!view) return undefined
  const wanted = wantedOf(view)
  const ready = view.pods.filter(isPodReady).length
  const missing = Math.max(0, wanted - ready)
  if (wanted <= 1 || missing + 1 <= readyPodsAllowed(wanted, limits.readyShare)) return undefined
  return { code: 'ready-share', say: `${ready} of ${wanted} pods of ${target.kind} ${target.name} are ready.` }
}

/** The step of one pod, added where the ledger does not have it. */
async function added({ ledger, plan }: Work, parent: string, { pod }: Member): Promise<string> {
  const id = memberId(parent, uidOf(pod))
  if (ledger.execution.steps.some((step) => step.id === id)) return id
  const { action, isFallback } = ledger.step(parent)
  const { name = '', namespace = '' } = pod.metadata ?? {}
  const step: ExecutionStep = {
    id,
    action,
    object: { cluster: plan.cluster, kind: 'Pod', namespace, name, uid: uidOf(pod) },
    isFallback,
    status: 'pending',
    marker: `${plan._id}/${id}/0`,
    changes: [],
  }
  await ledger.change((execution) => ({ ...execution, steps: [...execution.steps, step] }))
  return id
}

/** Takes one pod. That it is gone already is as good; a budget's no is waited for. */
async function takeOne(work: Work, id: string): Promise<Turn> {
  const { ledger, audit, plan, lock, figures } = work
  const slot = stepSlot(work, id)
  const ended: WriteOutcome = isRefusal(slot) ? refused(slot) : await writeOnce(work, slot)
  const { action } = ledger.step(id)
  figures.acted(action, ended.outcome)
  if (ended.outcome === 'observed') return 'next'
  const { refusal, outcome } = ended
  const isGone = IS_GONE.has(refusal.code) && (await isTaken(slot))
  const isWaiting = refusal.code === BUDGET_SAYS_NO || (IS_GONE.has(refusal.code) && !isGone)
  const event = outcome === 'refused' ? 'refused' : 'unknown'
  await audit.append({ event, target: plan.target, plan: plan._id, step: id, epoch: lock.epoch, say: refusal.say })
  await ledger.changeStep(id, (step) => {
    if (isWaiting) return { ...step, status: 'pending' }
    return { ...step, status: outcome === 'refused' ? 'refused' : 'failed', refusal }
  })
  if (isWaiting) return { waitFor: refusal }
  return isGone ? 'next' : ended
}

/** An answer that says so is not believed alone: what could not be read counts as still there. */
const isTaken = async (slot: Slot | Refusal): Promise<boolean> =>
  !isRefusal(slot) && (await slot.observe().catch(() => 'absent' as const)) === 'done'

/** What the ledger still has open was not found any more: somebody else took it. */
async function done({ ledger, clock }: Work, id: string): Promise<WriteOutcome> {
  const gone: Refusal = { code: 'pod-gone', say: 'The pod went by itself.' }
  await ledger.change((execution) => ({
    ...execution,
    steps: execution.steps.map((step): ExecutionStep => {
      if (step.id === id) return { ...step, status: 'observed', observedMs: clock.now() }
      return isMemberOf(id, step) && IS_OPEN.has(step.status) ? { ...step, status: 'refused', refusal: gone } : step
    }),
  }))
  return { outcome: 'observed' }
}

/** Ends it before its end: what has not begun is not done, and what was changed is for the caller to take back. */
async function stopped(work: Work, id: string, refusal: Refusal): Promise<NotDone> {
  const { ledger } = work
  const hasChanged =
    ledger.step(id).status === 'sent' ||
    membersOf(work, id).some(({ status }) => status === 'observed' || status === 'failed')
  await ledger.change((execution) => ({
    ...execution,
    steps: execution.steps.map((step): ExecutionStep => {
      if (!isMemberOf(id, step)) return step
      if (IS_OPEN.has(step.status)) return { ...step, status: 'refused', refusal }
      return step.status === 'observed' ? { ...step, status: 'failed' } : step
    }),
  }))
  return hasChanged ? { outcome: 'unknown', refusal } : refused(refusal)
}
