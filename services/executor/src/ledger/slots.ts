import type { ExecutionStep, Refusal } from '@kubewise/contracts'
import { RESOURCES, type KubernetesObject, type Pod } from '@kubewise/kube'
import { actionNamed } from '@kubewise/policy'
import { EVICTED_UID } from '../actions/evict-pod.ts'
import { workOf } from '../actions/index.ts'
import { guardedUndo, markerOn } from '../actions/patch.ts'
import { isRefusal, uidOf, type Prepared } from '../actions/work.ts'
import { refOf, resourceOfKind } from '../context/workload.ts'
import type { Work } from '../work.ts'
import { footprintOf, objectOf, prepareStep, takingBack } from './subject.ts'
import type { Slot, Trace } from './write-once.ts'

/** What a patch was prepared for; anything else is another object, or another state of it. */
const stateOf = ({ metadata }: KubernetesObject): string =>
  metadata?.annotations && metadata.generation !== undefined
    ? String(metadata.generation)
    : (metadata?.resourceVersion ?? '')

/** Sending and seeing, the same forwards and back. */
function wire(work: Work, step: ExecutionStep) {
  let preparedFor = ''
  const uid = () => work.ledger.step(step.id).changes.find(({ path }) => path === EVICTED_UID)?.before
  return {
    isPatch: step.object.kind !== 'Pod',
    isPreparedFor: (object: KubernetesObject) => void (preparedFor = stateOf(object)),
    async hasMoved() {
      if (step.object.kind === 'Pod') return false
      const object = await objectOf(work, step)
      return object !== undefined && stateOf(object) !== preparedFor
    },
    async send({ effect }: Prepared): Promise<void> {
      const { kube, stopping } = work
      if (effect.kind === 'evict') return kube.evict(refOf(step.object), effect.uid)
      const resource = resourceOfKind(step.object.kind)
      if (!resource) throw new TypeError(`the kind ${step.object.kind} is not known`)
      stopping.throwIfAborted()
      await kube.patch(resource, refOf(step.object), { type: 'json', operations: effect.operations })
    },
    async observe(marker: string): Promise<Trace> {
      if (step.object.kind === 'Pod') {
        const pod = await work.kube.get<Pod>(RESOURCES.Pod, refOf(step.object))
        return !pod || uidOf(pod) !== uid() || pod.metadata?.deletionTimestamp ? 'done' : 'absent'
      }
      const object = await objectOf(work, step)
      if (!object || uidOf(object) !== step.object.uid) return 'gone'
      return markerOn(object) === marker ? 'done' : 'absent'
    },
  }
}

/** A step forwards. */
export function stepSlot(work: Work, id: string): Slot | Refusal {
  const { ledger, plan, lock, clock } = work
  const step = ledger.step(id)
  const action = workOf(actionNamed(step.action)?.name ?? step.action)
  if (!action) return { code: 'action-unknown', say: `There is no action ${step.action} (any more).` }
  const { isPreparedFor, observe, ...rest } = wire(work, step)
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
    observe: () => observe(ledger.step(id).marker),
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
  const { isPreparedFor, observe, ...rest } = wire(work, step)
  const next = `${plan._id}/${id}/${lock.epoch}/undo`
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
      const changes = step.changes.map(({ path, before, after }) => ({ path, before: after, after: before }))
      return {
        effect: { kind: 'patch', operations },
        changes,
        undo: { how: 'none', say: 'This takes back.', status: 'not-possible' },
      }
    },
    toIntent: () => move('intent', next),
    toSent: () => move('sent'),
    toObserved: () => move('done'),
    observe: () => observe(ledger.step(id).undo?.marker ?? ''),
  }
}
