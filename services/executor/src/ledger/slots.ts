import type { ExecutionStep, Refusal } from '@kubewise/contracts'
import type { KubernetesObject } from '@kubewise/kube'
import { actionNamed } from '@kubewise/policy'
import { markerOn } from '../actions/patch.ts'
import { workOf } from '../actions/index.ts'
import { isRefusal, isSeveral, type ActionWork, type Prepared } from '../actions/work.ts'
import type { Work } from '../work.ts'
import { effectNamed, type EffectName, type Sought } from './effects/index.ts'
import { isOfWrite } from './marker.ts'
import { isMember } from './members.ts'
import { compensationChanges, objectOf, prepareStep, reversed, takingBack } from './subject.ts'
import type { Slot } from './write-once.ts'

/** Sending and seeing, the same forwards and back. */
function wire(work: Work, step: ExecutionStep, name: EffectName) {
  const { send, look, madeUid, stateOf, isBusyBy429 } = effectNamed(name)
  let preparedFor: string | undefined
  return {
    isBusyBy429,
    isPreparedFor: (object: KubernetesObject) => void (preparedFor = stateOf?.(object)),
    async hasMoved() {
      const object = stateOf && (await objectOf(work, step))
      return object !== undefined && stateOf?.(object) !== preparedFor
    },
    send: ({ effect }: Prepared) => send(work, step, effect),
    look: (sought: Sought) => look(work, step, sought),
    madeUid: async (sought: Sought) => madeUid?.(work, step, sought),
  }
}

function effectOf(action: ActionWork, step: ExecutionStep): EffectName {
  if (isSeveral(action)) return isMember(step) ? action.memberEffect : 'patch'
  return action.effect ?? 'patch'
}

/** Is a step known by the marker that it leaves on its object? */
export function leavesMarker(step: ExecutionStep): boolean {
  const action = workOf(actionNamed(step.action)?.name ?? step.action)
  if (!action || effectOf(action, step) !== 'patch') return false
  return !isSeveral(action) || action.prepare !== undefined
}

const LANDED: Refusal = { code: 'landed-late', say: 'An earlier request of this step has landed after all.' }

/** A step forwards. */
export function stepSlot(work: Work, id: string): Slot | Refusal {
  const { ledger, plan, lock, clock } = work
  const step = ledger.step(id)
  const action = workOf(actionNamed(step.action)?.name ?? step.action)
  if (!action) return { code: 'action-unknown', say: `There is no action ${step.action} (any more).` }
  const effect = effectOf(action, step)
  const { isPreparedFor, look, madeUid, ...rest } = wire(work, step, effect)
  const next = `${plan._id}/${id}/${lock.epoch}`
  return {
    ...rest,
    prefix: '',
    step: id,
    events: { intent: 'intent', effect: 'effect' },
    isSent: () => ledger.step(id).status === 'sent',
    next,
    marker: () => ledger.step(id).marker,
    async prepare() {
      const found = await prepareStep(work, action, step, next)
      if (isRefusal(found)) return found
      // Writing on what we have written would do it twice, and forget what was there before.
      if (effect === 'patch' && isOfWrite(markerOn(found.object), next)) return LANDED
      isPreparedFor(found.object)
      return found.prepared
    },
    toIntent: ({ changes, undo, canary }) =>
      ledger.changeStep(id, (each) => ({
        ...each,
        status: 'intent',
        marker: next,
        intentMs: each.intentMs ?? clock.now(),
        changes,
        undo,
        ...(canary && { canary }),
      })),
    toSent: () =>
      ledger.change((execution) => ({
        ...execution,
        actedMs: execution.actedMs ?? clock.now(),
        steps: execution.steps.map((each) =>
          each.id === id ? { ...each, status: 'sent', sentMs: clock.now() } : each,
        ),
      })),
    async toObserved() {
      const uid = await madeUid(ledger.step(id))
      await ledger.changeStep(id, (each) => ({
        ...each,
        status: 'observed',
        observedMs: clock.now(),
        ...(each.undo && uid !== undefined && { undo: { ...each.undo, uid } }),
      }))
    },
    observe: () => look(ledger.step(id)),
  }
}

/** The same step back. */
export function undoSlot(work: Work, id: string): Slot | Refusal {
  const { ledger, plan, lock } = work
  const step = ledger.step(id)
  const action = workOf(actionNamed(step.action)?.name ?? step.action)
  const isCompensated = step.undo?.how === 'compensate'
  const isHeld = step.canary?.isWatched === true
  if (!action || !(isCompensated || isHeld || ('undo' in action && action.undo)))
    return { code: 'action-unknown', say: `Nothing is known that takes back ${step.action}.` }
  const {
    isPreparedFor,
    look,
    madeUid: _madeUid,
    ...rest
  } = wire(work, step, isCompensated ? 'delete' : effectOf(action, step))
  const next = `${plan._id}/${id}/${lock.epoch}/undo`
  const changes = isCompensated ? compensationChanges(step) : reversed(step.changes)
  const status = () => ledger.step(id).undo?.status
  const move = (to: 'intent' | 'sent' | 'done', marker?: string) =>
    ledger.changeStep(id, (each) => ({
      ...each,
      ...(to === 'done' && { status: 'undone' }),
      ...(each.undo && { undo: { ...each.undo, status: to, ...(marker !== undefined && { marker }) } }),
    }))
  return {
    ...rest,
    prefix: 'undo-',
    step: id,
    events: { intent: 'undo-intent', effect: 'undo-effect' },
    isSent: () => status() === 'sent',
    next,
    marker: () => ledger.step(id).undo?.marker ?? next,
    async prepare() {
      const back = await takingBack(work, action, step, next)
      if (isRefusal(back)) return back
      isPreparedFor(back.object)
      return back.prepared
    },
    toIntent: () => move('intent', next),
    toSent: () => move('sent'),
    toObserved: () => move('done'),
    observe: () => look({ marker: ledger.step(id).undo?.marker ?? '', changes }),
  }
}
