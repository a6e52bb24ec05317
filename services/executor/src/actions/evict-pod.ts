import { controllerOf, isPodReady, type Pod } from '@kubewise/kube'
import { TAKEN_UID } from '../ledger/effects/index.ts'
import { irreversible, uidOf, type Prepared, type WorkloadWork } from './work.ts'

export const evictionOf = (pod: Pod): Prepared => ({
  effect: { kind: 'evict', uid: uidOf(pod) },
  changes: [{ path: TAKEN_UID, before: uidOf(pod), after: null }],
  undo: irreversible('An evicted pod cannot be brought back; its controller makes another one.'),
})

/** Evicts one pod of the target, by uid: a repeat cannot hit its replacement. */
export const evictPod: WorkloadWork = {
  on: 'workload',
  name: 'evict-pod@1',
  effect: 'evict',

  readyPodsTaken: ({ pods }, step) => pods.filter((pod) => uidOf(pod) === step.with['uid'] && isPodReady(pod)).length,

  prepare({ view, step }) {
    const { pod: name, uid } = step.with
    const pod = view.pods.find((each) => uidOf(each) === uid)
    if (!pod) return { code: 'pod-gone', say: `The pod ${String(name)} is gone, or being deleted already.` }
    if (pod.metadata?.name !== name || step.object.name !== name)
      return { code: 'foreign-object', say: `The uid given is that of ${pod.metadata?.name}, not of ${String(name)}.` }
    if (!controllerOf(pod)) return { code: 'bare-pod', say: `The pod ${name} has no controller to bring it back.` }
    return evictionOf(pod)
  },
}
