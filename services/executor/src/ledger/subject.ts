import { keyOf, titleOf, type ExecutionStep, type Refusal } from '@kubewise/contracts'
import type { JsonPatchOperation, KubernetesObject } from '@kubewise/kube'
import { guardedPatch, revertOf, type Footprint } from '../actions/patch.ts'
import { isRefusal, uidOf, type ActionWork, type Prepared } from '../actions/work.ts'
import { readWorkload, refOf, resourceOfKind, type WorkloadView } from '../context/workload.ts'
import { planStepOf, type Work } from '../work.ts'
import { preconditionRefusal } from './precondition.ts'

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

async function objectFor(work: Work, step: ExecutionStep): Promise<KubernetesObject | Refusal> {
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

const circumstancesOf = ({ plan, lock, limits }: Work, step: ReturnType<typeof planStepOf>) => ({
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
  const isOther = on === 'object' ? object.kind !== target.kind : object.kind === 'Pod'
  return keyOf(object) === keyOf(target) || (isOther && isOwnNamespace)
    ? undefined
    : { code: 'foreign-object', say: `${titleOf(object)} is not part of ${titleOf(target)}.` }
}

/** What a write was prepared for, and the write. */
export interface PreparedFor {
  object: KubernetesObject
  prepared: Prepared
}

/** Prepares a step on what it acts on as it is now: its preconditions first, then what the action itself says. */
export async function prepareStep(
  work: Work,
  action: ActionWork,
  step: ExecutionStep,
  marker: string,
): Promise<PreparedFor | Refusal> {
  const planned = planStepOf(work.plan, step)
  const foreign = foreignRefusal(work, action, step)
  if (foreign) return foreign
  const found = action.on === 'workload' ? await viewFor(work) : await objectFor(work, step)
  if (isRefusal(found)) return found
  const prepared = prepare(work, action, step, planned, found)
  if (isRefusal(prepared)) return prepared
  const object = 'workload' in found ? found.workload : found
  const { effect } = prepared
  if (effect.kind !== 'patch') return { object, prepared }
  const left = { revert: revertOf(prepared.undo), ...(prepared.notes && { notes: prepared.notes }) }
  const operations = guardedPatch(object, effect.operations, footprintOf(work, marker, left))
  return { object, prepared: { ...prepared, effect: { kind: 'patch', operations } } }
}

function prepare(
  work: Work,
  action: ActionWork,
  { object: { kind, name } }: ExecutionStep,
  planned: ReturnType<typeof planStepOf>,
  found: WorkloadView | KubernetesObject,
): Prepared | Refusal {
  const circumstances = circumstancesOf(work, planned)
  if (action.on === 'object') {
    const object = found as KubernetesObject
    return (
      preconditionRefusal(planned.preconditions, object) ??
      action.prepare({ ...circumstances, object, target: work.plan.target })
    )
  }
  const view = found as WorkloadView
  const pod = view.pods.find(({ metadata }) => metadata?.name === name)
  return (
    preconditionRefusal(planned.preconditions, kind === 'Pod' ? pod : view.workload) ??
    action.prepare({ ...circumstances, view })
  )
}

/** What would take a step back on its object as it is now. */
export async function takingBack(
  work: Work,
  action: ActionWork | undefined,
  step: ExecutionStep,
): Promise<{ object: KubernetesObject; operations: JsonPatchOperation[] } | Refusal> {
  const unknown = { code: 'action-unknown', say: `Nothing is known that takes back ${step.action}.` }
  if (action?.on === 'object') {
    const object = await objectFor(work, step)
    if (isRefusal(object)) return object
    const operations = action.undo?.(step, object) ?? unknown
    return isRefusal(operations) ? operations : { object, operations }
  }
  const view = await viewFor(work)
  if (isRefusal(view)) return view
  const operations = action?.undo?.(step, view) ?? unknown
  return isRefusal(operations) ? operations : { object: view.workload, operations }
}
