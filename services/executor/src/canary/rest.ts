import { isDeepStrictEqual } from 'node:util'
import type { ExecutionStep, Refusal } from '@kubewise/contracts'
import type { JsonPatchOperation } from '@kubewise/kube'
import { irreversible, isRefusal, restoring, type Prepared, type WorkloadWork } from '../actions/work.ts'
import type { Options } from '../config.ts'
import type { WorkloadView } from '../context/workload.ts'
import { heldFields, holding, holdOf, letGo } from './hold.ts'

type Steps = readonly ExecutionStep[]

/** The second write of a step that was held at its first new pod: what lets the rest be replaced. */
export const restOf = (steps: Steps, id: string): ExecutionStep | undefined => steps.find((step) => step.restOf === id)

/** Nothing of what holds a rollout is left that we would take off. */
export const LET_GO: Refusal = { code: 'let-go', say: 'Nothing that KubeWise has set holds the rollout any more.' }

const HAS_NOT_LEFT: ReadonlySet<string> = new Set(['pending', 'intent'])
const HAS_ENDED: ReadonlySet<string> = new Set(['refused', 'failed'])

/** Is a step done, but for the rest of the pods? */
export function isHeldBack(steps: Steps, { id, status, canary }: ExecutionStep): boolean {
  const rest = restOf(steps, id)
  const isOver = rest !== undefined && !HAS_NOT_LEFT.has(rest.status) && rest.status !== 'sent'
  return status === 'observed' && canary?.isWatched === true && !isOver
}

/** The same write, held at its first new pod where that makes sense. */
export function heldWrite(
  action: WorkloadWork,
  view: WorkloadView,
  prepared: Prepared,
  settings: Options['canary'],
): Prepared {
  const { effect, changes, undo } = prepared
  if (effect.kind !== 'patch') return prepared
  const hold = holdOf(view, effect.operations, settings)
  if (!hold) return prepared
  const { isWatched, say, fields } = hold
  const canary = { isWatched, say }
  if (!isWatched) return { ...prepared, canary }
  // What could not be taken back would be held for ever.
  if (undo.how === 'none' && !action.undoBeforeRest)
    return { ...prepared, canary: { isWatched: false, say: `Not held after its first pod: ${undo.say}` } }
  return {
    ...prepared,
    effect: { ...effect, operations: [...effect.operations, ...holding(hold)] },
    changes: [...changes, ...fields],
    canary,
    undo:
      undo.how === 'none' && action.undoBeforeRest
        ? restoring('Brings back the template, of which all pods but the first new one still are.', [])
        : undo,
  }
}

const keysOf = (pointer: string) =>
  pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))

/** Would the server find what a patch tests? */
function fits(operations: readonly JsonPatchOperation[], object: object): boolean {
  const valueAt = (pointer: string) =>
    keysOf(pointer).reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], object)
  return operations.every(({ op, path, value }) => op !== 'test' || isDeepStrictEqual(valueAt(path), value))
}

/** What takes back a step that was held: the template as far as that can be, and in any case what holds it. */
export function takeHeldBack(
  action: WorkloadWork,
  steps: Steps,
  step: ExecutionStep,
  view: WorkloadView,
): JsonPatchOperation[] | Refusal {
  const rest = restOf(steps, step.id)
  const isLetGo = rest?.refusal?.code === LET_GO.code
  const isAll = isLetGo || (rest !== undefined && !HAS_NOT_LEFT.has(rest.status) && !HAS_ENDED.has(rest.status))
  const back = action.undo?.(step, view) ?? (isAll ? undefined : action.undoBeforeRest?.(step, view)) ?? []
  const free = letGo(step, view.workload)
  const isTheirs = isRefusal(back) || !fits(back, view.workload)
  // With the bad template still there, letting go would bring it to all pods: a person is told, and it stays held.
  if (isRefusal(back) && back.code !== 'changed-since')
    return free.length > 0 ? { ...back, say: `${back.say} The rollout stays held after its first pod.` } : back
  // The template is somebody else's by now; what holds it is still ours.
  if (isTheirs && free.length > 0) return free
  if (isRefusal(back)) return back
  const operations = [...back, ...free]
  return operations.length > 0
    ? operations
    : { code: 'cannot-be-undone', say: 'Its pods were replaced; nothing of that can be taken back.' }
}

/** The write that lets the rest be replaced. */
export function preparedRest(
  step: ExecutionStep,
  view: WorkloadView,
): (Pick<Prepared, 'changes' | 'undo'> & { operations: JsonPatchOperation[] }) | Refusal {
  const operations = letGo(step, view.workload)
  if (operations.length === 0) return LET_GO
  return {
    operations,
    changes: heldFields(step).map(({ path, before, after }) => ({ path, before: after, after: before })),
    undo: irreversible('It only lets the rollout go on; the step itself is what is taken back.'),
  }
}

/** A step that lets the rest of another be replaced, right after that one. */
export function withRest(
  steps: Steps,
  { id, action, object, isFallback }: ExecutionStep,
  plan: string,
): ExecutionStep[] {
  const restId = `${id}.rest`
  const rest: ExecutionStep = {
    id: restId,
    restOf: id,
    action,
    object,
    isFallback,
    status: 'pending',
    marker: `${plan}/${restId}/0`,
    changes: [],
  }
  return steps.flatMap((step) => (step.id === id ? [step, rest] : [step]))
}
