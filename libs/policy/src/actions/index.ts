import { ACTION_ALIASES, RISKS, type Plan, type Risk } from '@kubewise/contracts'
import type { ActionSpec } from '../action.ts'
import { cordon, uncordon } from './cordon.ts'
import { escalate, noOp, notify, proposePatch, wait } from './passive.ts'
import { pauseRollout, resumeRollout } from './pause-rollout.ts'
import { deleteFinishedPods } from './delete-finished-pods.ts'
import { deletePod } from './delete-pod.ts'
import { drain } from './drain.ts'
import { evictPod } from './evict-pod.ts'
import { expandVolume } from './expand-volume.ts'
import { rerunJob } from './rerun-job.ts'
import { resizePod } from './resize-pod.ts'
import { restart } from './restart.ts'
import { rollback } from './rollback.ts'
import { scale } from './scale.ts'
import { setAutoscalerMaximum } from './set-autoscaler-maximum.ts'
import { setResources } from './set-resources.ts'
import { taint, untaint } from './taint.ts'

/** Every action there is. Adding one: a file here, its other half in the executor, and a line in both lists. */
export const ACTIONS: readonly ActionSpec[] = [
  rollback,
  setResources,
  evictPod,
  restart,
  scale,
  setAutoscalerMaximum,
  expandVolume,
  cordon,
  uncordon,
  taint,
  untaint,
  pauseRollout,
  resumeRollout,
  deletePod,
  deleteFinishedPods,
  rerunJob,
  drain,
  resizePod,
  escalate,
  notify,
  proposePatch,
  wait,
  noOp,
]

const BY_NAME: ReadonlyMap<string, ActionSpec> = new Map(ACTIONS.map((action) => [action.name, action]))

/**
 * The action of a name, `name@version` or one of the original's names.
 *
 * @returns undefined for what is not in the catalogue; such a step is refused
 */
export function actionNamed(name: string): ActionSpec | undefined {
  return (
    BY_NAME.get(name) ?? (Object.hasOwn(ACTION_ALIASES, name) ? BY_NAME.get(ACTION_ALIASES[name] ?? '') : undefined)
  )
}

/** The risk of a plan: the highest of what it says itself and of what its steps are. One with an unknown action is refused anyway. */
export function riskOfPlan({ risk, steps, fallback }: Pick<Plan, 'risk' | 'steps' | 'fallback'>): Risk {
  const risks = [...steps, ...fallback].flatMap(({ action }) => actionNamed(action)?.risk ?? [])
  return RISKS[Math.max(...[risk, ...risks].map((each) => RISKS.indexOf(each)))] ?? 'high'
}

/** Does a plan only tell people? An unknown action is not believed to be harmless. */
export function isPassivePlan({ steps, fallback }: Pick<Plan, 'steps' | 'fallback'>): boolean {
  return [...steps, ...fallback].every(({ action }) => actionNamed(action)?.isPassive)
}
