import type { ExecutionStep, Refusal } from '@kubewise/contracts'
import type { KubernetesObject } from '@kubewise/kube'
import { actionNamed } from '@kubewise/policy'
import { workOf } from '../actions/index.ts'
import { guardedUndo } from '../actions/patch.ts'
import { isRefusal, type ActionWork, type Prepared } from '../actions/work.ts'
import type { Work } from '../work.ts'
import { effectNamed, type Sought } from './effects/index.ts'
import { footprintOf, objectOf, prepareStep, takingBack } from './subject.ts'
import type { Slot } from './write-once.ts'

/** Sending and seeing, the same forwards and back. */
function wire(work: Work, step: ExecutionStep, { effect: name = 'patch' }: ActionWork) {
  const { send, look, stateOf, isBusyBy429 } = effectNamed(name)
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
  }
}

/** A step forwards. */
export function stepSlot(work: Work, id: string): Slot | Refusal {
  const { ledger, plan, lock, clock } = work
  const step = ledger.step(id)
  const action = workOf(actionNamed(step.action)?.name ?? step.action)
  if (!action) return { code: 'action-unknown', say: `There is no action ${step.action} (any more).` }
  const { isPreparedFor, look, ...rest } = wire(work, step, action)
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
      isPreparedFor(found.object)
      return found.prepared
    },
    toIntent: ({ changes, undo }) =>
      ledger.changeStep(id, (each) => ({
        ...each,
        status: 'intent',
        marker: next,
        intentMs: clock.now(),
        changes,
        undo,
      })),
    toSent: () =>
      ledger.change((execution) => ({
        ...execution,
        actedMs: execution.actedMs ?? clock.now(),
        steps: execution.steps.map((each) =>
          each.id === id ? { ...each, status: 'sent', sentMs: clock.now() } : each,
        ),
      })),
    toObserved: () => ledger.changeStep(id, (each) => ({ ...each, status: 'observed', observedMs: clock.now() })),
    observe: () => look(ledger.step(id)),
  }
}

/**
 * What our last write may have left on the object when a step's turn to be taken back comes: the step's own marker, or that of
 * what came after it and has been taken back by now, or cannot be.
 */
export function lastMarkers(steps: readonly ExecutionStep[], id: string): string[] {
  const index = steps.findIndex((step) => step.id === id)
  const later = steps.slice(index + 1).flatMap(({ marker, undo }) => {
    if (undo?.how === 'none') return [marker]
    return undo?.status === 'done' && undo.marker !== undefined ? [undo.marker] : []
  })
  return [steps[index]?.marker ?? '', ...later]
}

/** The same step back. */
export function undoSlot(work: Work, id: string): Slot | Refusal {
  const { ledger, plan, lock } = work
  const step = ledger.step(id)
  const action = workOf(actionNamed(step.action)?.name ?? step.action)
  if (!action?.undo) return { code: 'action-unknown', say: `Nothing is known that takes back ${step.action}.` }
  const { isPreparedFor, look, ...rest } = wire(work, step, action)
  const next = `${plan._id}/${id}/${lock.epoch}/undo`
  const changes = step.changes.map(({ path, before, after }) => ({ path, before: after, after: before }))
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
      const back = await takingBack(work, action, step)
      if (isRefusal(back)) return back
      const operations = guardedUndo(back.object, back.operations, {
        markers: lastMarkers(ledger.execution.steps, id),
        footprint: footprintOf(work, next),
      })
      if (isRefusal(operations)) return operations
      isPreparedFor(back.object)
      return {
        effect: { kind: 'patch', operations },
        changes,
        undo: { how: 'none', say: 'This takes back.', status: 'not-possible' },
      }
    },
    toIntent: () => move('intent', next),
    toSent: () => move('sent'),
    toObserved: () => move('done'),
    observe: () => look({ marker: ledger.step(id).undo?.marker ?? '', changes }),
  }
}
