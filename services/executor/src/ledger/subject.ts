import { keyOf, titleOf, type ExecutionStep, type Refusal } from '@kubewise/contracts'
import type { JsonPatchOperation, KubernetesObject } from '@kubewise/kube'
import { annotationsOf, guardedPatch, guardedUndo, revertOf, type Footprint } from '../actions/patch.ts'
import {
  irreversible,
  isRefusal,
  isSeveral,
  uidOf,
  type ActionWork,
  type ObjectPreparation,
  type ObjectWork,
  type Prepared,
  type SeveralWork,
  type WorkloadWork,
} from '../actions/work.ts'
import { heldWrite, preparedRest, takeHeldBack } from '../canary/rest.ts'
import { readWorkload, refOf, resourceOfKind, type WorkloadView } from '../context/workload.ts'
import { planStepOf, type Work } from '../work.ts'
import { madeEntity } from './effects/create.ts'
import type { Effect } from './effects/effect.ts'
import { TAKEN_UID } from './effects/evict.ts'
import { outwaitLate } from './late-requests.ts'
import { isMember } from './members.ts'
import { preconditionRefusal } from './precondition.ts'

type PlannedStep = ReturnType<typeof planStepOf>

const isGone: Refusal = { code: 'target-gone', say: 'What was to be changed does not exist any more.' }
const isReplaced: Refusal = {
  code: 'target-replaced',
  say: 'Another object has taken the name of the one that the plan was made for.',
}

/** The object that a patch of this step goes to. @throws KubeError */
export async function objectOf({ kube }: Work, { object }: ExecutionStep): Promise<KubernetesObject | undefined> {
  const resource = resourceOfKind(object.kind)
  return resource && kube.get(resource, refOf(object))
}

/** The workload as it is now, if it still is the plan's. */
async function viewFor({ kube, plan }: Work): Promise<WorkloadView | Refusal> {
  const view = await readWorkload(kube, plan.target)
  if (!view) return isGone
  return uidOf(view.workload) === plan.target.uid ? view : isReplaced
}

/** The step's own object, if it still is the one that was meant. @throws KubeError */
export async function objectFor(work: Work, step: ExecutionStep): Promise<KubernetesObject | Refusal> {
  const object = await objectOf(work, step)
  if (!object) return isGone
  return uidOf(object) === step.object.uid ? object : isReplaced
}

export const footprintOf = (
  { plan, clock }: Work,
  marker: string,
  { revert = '', notes }: Partial<Pick<Footprint, 'revert' | 'notes'>> = {},
): Footprint => ({
  marker,
  plan: plan._id,
  reason: plan.cause,
  atMs: clock.now(),
  revert,
  ...(notes && { notes }),
})

const circumstancesOf = ({ plan, lock, limits }: Work, step: PlannedStep) => ({
  step,
  record: lock.record,
  limits,
  incident: plan.incident,
  planCreatedMs: plan.createdMs,
})

/** A step that writes to what is not the target's, whoever made it; an action on an object of its own kind looks itself. */
function foreignRefusal({ plan }: Work, { on }: ActionWork, { object }: ExecutionStep): Refusal | undefined {
  const { target } = plan
  const isOwnNamespace = object.namespace === target.namespace && object.cluster === target.cluster
  const isOther = on === 'workload' ? object.kind === 'Pod' : object.kind !== target.kind
  return keyOf(object) === keyOf(target) || (isOther && isOwnNamespace)
    ? undefined
    : { code: 'foreign-object', say: `${titleOf(object)} is not part of ${titleOf(target)}.` }
}

/** What a write was prepared for, and the write. */
export interface PreparedFor {
  object: KubernetesObject
  prepared: Prepared
}

/** What an action on an object looks at. */
export function objectPreparationOf(work: Work, step: ExecutionStep, object: KubernetesObject): ObjectPreparation {
  const { plan, kube, clock } = work
  const planned = planStepOf(plan, step)
  return {
    ...circumstancesOf(work, planned),
    object,
    target: plan.target,
    plan: plan._id,
    stepId: step.id,
    kube,
    nowMs: clock.now(),
  }
}

/** Prepares a step on what it acts on as it is now: its preconditions first, then what the action itself says. */
export async function prepareStep(
  work: Work,
  action: ActionWork,
  step: ExecutionStep,
  marker: string,
): Promise<PreparedFor | Refusal> {
  if (isSeveral(action) && isMember(step)) return prepareMember(work, action, step)
  if (step.restOf !== undefined) return prepareRest(work, step.restOf, marker)
  const foreign = foreignRefusal(work, action, step)
  if (foreign) return foreign
  const planned = planStepOf(work.plan, step)
  const found = await (action.on === 'workload'
    ? prepareOnWorkload(work, action, step, planned)
    : prepareOnObject(work, action, step, planned))
  if (isRefusal(found)) return found
  const { object, prepared } = found
  const { effect, notes, undo } = prepared
  const footprint = footprintOf(work, marker, { revert: revertOf(undo), ...(notes && { notes }) })
  if (effect.kind === 'create') return { object, prepared: { ...prepared, effect: marked(effect, footprint) } }
  if (effect.kind !== 'patch' && effect.kind !== 'resize') return found
  const operations = guardedPatch(object, effect.operations, footprint)
  return { object, prepared: { ...prepared, effect: { kind: effect.kind, operations } } }
}

/** What takes back the step that was held stands for what lets go of it too. */
function leftOf({ ledger }: Work, held: string): string {
  const { undo } = ledger.step(held)
  return undo ? revertOf(undo) : ''
}

/** Lets the rest of another step's pods be replaced. */
async function prepareRest(work: Work, held: string, marker: string): Promise<PreparedFor | Refusal> {
  const view = await viewFor(work)
  if (isRefusal(view)) return view
  const rest = preparedRest(work.ledger.step(held), view)
  if (isRefusal(rest)) return rest
  const { operations, ...prepared } = rest
  const effect: Effect = {
    kind: 'patch',
    operations: guardedPatch(view.workload, operations, footprintOf(work, marker, { revert: leftOf(work, held) })),
  }
  return { object: view.workload, prepared: { ...prepared, effect } }
}

type Creation = Extract<Effect, { kind: 'create' }>

/** What is made carries its marker from the beginning. */
function marked({ kind, object }: Creation, footprint: Footprint): Creation {
  const annotations = { ...object.metadata?.annotations, ...annotationsOf(footprint) }
  return { kind, object: { ...object, metadata: { ...object.metadata, annotations } } }
}

async function prepareOnWorkload(
  work: Work,
  action: WorkloadWork,
  { object: { kind, name } }: ExecutionStep,
  planned: PlannedStep,
): Promise<PreparedFor | Refusal> {
  const view = await viewFor(work)
  if (isRefusal(view)) return view
  const pod = view.pods.find(({ metadata }) => metadata?.name === name)
  const prepared =
    preconditionRefusal(planned.preconditions, kind === 'Pod' ? pod : view.workload) ??
    action.prepare({ ...circumstancesOf(work, planned), view })
  if (isRefusal(prepared)) return prepared
  return { object: view.workload, prepared: heldWrite(action, view, prepared, work.options.canary) }
}

async function prepareOnObject(
  work: Work,
  action: ObjectWork | SeveralWork,
  step: ExecutionStep,
  planned: PlannedStep,
): Promise<PreparedFor | Refusal> {
  const object = await objectFor(work, step)
  if (isRefusal(object)) return object
  const prepared =
    preconditionRefusal(planned.preconditions, object) ??
    (await action.prepare?.(objectPreparationOf(work, step, object))) ??
    nothingToWrite(step)
  return isRefusal(prepared) ? prepared : { object, prepared }
}

const nothingToWrite = ({ action }: ExecutionStep): Refusal => ({
  code: 'action-unfit',
  say: `${action} writes nothing to its own object.`,
})

async function prepareMember(work: Work, action: SeveralWork, step: ExecutionStep): Promise<PreparedFor | Refusal> {
  const pod = await objectFor(work, step)
  if (isRefusal(pod)) return { code: 'pod-gone', say: `The pod ${step.object.name} is gone already.` }
  const prepared = action.prepareMember(pod)
  return isRefusal(prepared) ? prepared : { object: pod, prepared }
}

/** What would take a step back on its object as it is now. */
export async function takingBack(
  work: Work,
  action: ActionWork | undefined,
  step: ExecutionStep,
  next: string,
): Promise<PreparedFor | Refusal> {
  if (step.undo?.how === 'compensate') return compensation(work, step)
  const back = await reversal(work, action, step)
  if (isRefusal(back)) return back
  const footprint = footprintOf(work, next)
  const isResize = action?.on === 'object' && action.effect === 'resize'
  // The values that it tests for are what we left: a marker is not let through there.
  const operations = isResize
    ? guardedPatch(back.object, back.operations, footprint)
    : guardedUndo(back.object, back.operations, {
        markers: lastMarkers(work.ledger.execution.steps, step.id),
        footprint,
      })
  if (isRefusal(operations)) return operations
  return {
    object: back.object,
    prepared: {
      effect: { kind: isResize ? 'resize' : 'patch', operations },
      changes: reversed(step.changes),
      undo: irreversible('This takes back.'),
    },
  }
}

/** The other way round. */
export const reversed = (changes: ExecutionStep['changes']): ExecutionStep['changes'] =>
  changes.map(({ path, before, after }) => ({ path, before: after, after: before }))

/** How what a step made is deleted again: that very object, and nothing that has taken its name. */
async function compensation(work: Work, step: ExecutionStep): Promise<PreparedFor | Refusal> {
  const { kube } = work
  const made = madeEntity(step)
  const uid = step.undo?.uid
  const resource = resourceOfKind(made.kind)
  if (uid === undefined || !resource)
    return { code: 'undo-unreadable', say: `Which ${made.kind} was made is not known from the record.` }
  await outwaitLate(work, step)
  const object = await kube.get(resource, refOf(made))
  if (!object) return isGone
  if (uidOf(object) !== uid) return { code: 'changed-since', say: `${titleOf(made)} is another one by now.` }
  return {
    object,
    prepared: {
      effect: { kind: 'delete', uid },
      changes: compensationChanges(step),
      undo: irreversible('This takes back.'),
    },
  }
}

/** What deleting what was made changes. */
export const compensationChanges = ({ changes, undo }: ExecutionStep): ExecutionStep['changes'] => [
  ...reversed(changes),
  { path: TAKEN_UID, before: undo?.uid ?? null, after: null },
]

/** The operations that bring the before-image back. */
async function reversal(
  work: Work,
  action: ActionWork | undefined,
  step: ExecutionStep,
): Promise<{ object: KubernetesObject; operations: JsonPatchOperation[] } | Refusal> {
  const unknown = { code: 'action-unknown', say: `Nothing is known that takes back ${step.action}.` }
  if (action?.on === 'workload') {
    const view = await viewFor(work)
    if (isRefusal(view)) return view
    const operations = step.canary?.isWatched
      ? takeHeldBack(action, work.ledger.execution.steps, step, view)
      : (action.undo?.(step, view) ?? unknown)
    return isRefusal(operations) ? operations : { object: view.workload, operations }
  }
  const object = await objectFor(work, step)
  if (isRefusal(object)) return object
  const operations = action?.undo?.(step, object) ?? unknown
  return isRefusal(operations) ? operations : { object, operations }
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
