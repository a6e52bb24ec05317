import { cordon, uncordon } from './cordon.ts'
import { evictPod } from './evict-pod.ts'
import { expandVolume } from './expand-volume.ts'
import { pauseRollout, resumeRollout } from './pause-rollout.ts'
import { restart } from './restart.ts'
import { rollback } from './rollback.ts'
import { scale } from './scale.ts'
import { setAutoscalerMaximum } from './set-autoscaler-maximum.ts'
import { setResources } from './set-resources.ts'
import { taint, untaint } from './taint.ts'
import { deleteFinishedPods } from './delete-finished-pods.ts'
import { deletePod } from './delete-pod.ts'
import { drain } from './drain.ts'
import { rerunJob } from './rerun-job.ts'
import { resizePod } from './resize-pod.ts'
import type { ActionWork } from './work.ts'

/** How each action of the catalogue that changes something is done; those that only tell need no work here. */
export const WORKS: readonly ActionWork[] = [
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
]

const BY_NAME: ReadonlyMap<string, ActionWork> = new Map(WORKS.map((work) => [work.name, work]))

/** @param name as in the catalogue, aliases resolved */
export function workOf(name: string): ActionWork | undefined {
  return BY_NAME.get(name)
}
