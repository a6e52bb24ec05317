import type { Plan } from '@kubewise/contracts'
import {
  controllerOf,
  isManaged,
  isPodReady,
  isTerminating,
  managerOf,
  type Kube,
  type KubernetesObject,
} from '@kubewise/kube'
import { actionNamed, mostAtOnce, stepOrder, WORKLOAD_KINDS, wishesOf, type TargetObject } from '@kubewise/policy'
import { workOf } from '../actions/index.ts'
import { isRefusal } from '../actions/work.ts'
import {
  isDeployment,
  readSurroundings,
  readWorkload,
  refOf,
  resourceOfKind,
  wantedOf,
  type Surroundings,
  type WorkloadView,
} from './workload.ts'

function common(object: KubernetesObject, { namespace, hasAutoscaler, budgets }: Surroundings, nowMs: number) {
  return {
    uid: object.metadata?.uid ?? '',
    isManaged: isManaged(object, namespace),
    isDeleting: isTerminating(object) || (namespace !== undefined && isTerminating(namespace)),
    ownedBy: managerOf(object)?.say ?? '',
    hasAutoscaler,
    budgets: budgets.map(({ metadata, status }) => ({
      name: metadata?.name ?? '',
      disruptionsAllowed: status?.disruptionsAllowed ?? 0,
    })),
    wishes: wishesOf([object, namespace], nowMs),
  }
}

/** Of all steps together: those that follow one another each take theirs, those that may be done at once all of theirs. */
function readyPodsTakenBy(plan: Plan, view: WorkloadView): number {
  const taken = new Map(
    plan.steps.map((step) => {
      if (actionNamed(step.action)?.isPassive) return [step.id, 0]
      const work = workOf(step.action)
      // Of what is not known the worst is believed.
      if (!work) return [step.id, view.pods.length]
      return [step.id, work.on === 'workload' ? work.readyPodsTaken(view, step) : 0]
    }),
  )
  const order = stepOrder(plan.steps)
  return isRefusal(order) ? view.pods.length : mostAtOnce(order, (id) => taken.get(id) ?? 0)
}

function ofWorkload(plan: Plan, view: WorkloadView, around: Surroundings, nowMs: number): TargetObject {
  const { workload, pods } = view
  return {
    ...common(workload, around, nowMs),
    isPaused: isDeployment(workload) && workload.spec?.paused === true,
    isBarePod: false,
    wanted: wantedOf(view),
    ready: pods.filter(isPodReady).length,
    readyPodsTaken: readyPodsTakenBy(plan, view),
  }
}

/** What is no workload with a template: nothing but its being there is known, and no action takes it. */
function ofOther(object: KubernetesObject, around: Surroundings, nowMs: number): TargetObject {
  const isPod = object.kind === 'Pod'
  const isReady = isPod && isPodReady(object)
  return {
    ...common(object, around, nowMs),
    isPaused: false,
    isBarePod: isPod && controllerOf(object) === undefined,
    wanted: 1,
    ready: isReady ? 1 : 0,
    readyPodsTaken: isReady ? 1 : 0,
  }
}

/**
 * The plan's target as guards look at it.
 *
 * @returns undefined when it is gone
 * @throws KubeError when it cannot be read, TypeError for a kind that is not known
 */
export async function readTarget(kube: Kube, plan: Plan, nowMs: number): Promise<TargetObject | undefined> {
  const { target } = plan
  const resource = resourceOfKind(target.kind)
  if (!resource) throw new TypeError(`the kind ${target.kind} is not known`)
  if (!WORKLOAD_KINDS.includes(target.kind)) {
    const object = await kube.get(resource, refOf(target))
    return object && ofOther(object, await readSurroundings(kube, target, object.metadata?.labels ?? {}), nowMs)
  }
  const view = await readWorkload(kube, target)
  if (!view) return undefined
  const labels = view.workload.spec?.template?.metadata?.labels ?? {}
  return ofWorkload(plan, view, await readSurroundings(kube, target, labels), nowMs)
}
