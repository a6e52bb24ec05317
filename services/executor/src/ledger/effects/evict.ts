import type { ExecutionStep } from '@kubewise/contracts'
import { RESOURCES, type Pod } from '@kubewise/kube'
import { uidOf } from '../../actions/work.ts'
import { refOf } from '../../context/workload.ts'
import type { Effect, EffectKind } from './effect.ts'

/** Where the uid of what is taken away stands among a step's changes. */
export const TAKEN_UID = '/metadata/uid'

/** The uid of what a step takes away, as it was recorded before. */
export const takenUid = (changes: ExecutionStep['changes']): unknown =>
  changes.find(({ path }) => path === TAKEN_UID)?.before

/** Asks for a pod's end, by uid: a repeat cannot meet its replacement. */
export const evict: EffectKind<Extract<Effect, { kind: 'evict' }>> = {
  isBusyBy429: false,

  send: ({ kube }, { object }, { uid }) => kube.evict(refOf(object), uid),

  async look({ kube }, { object }, { changes }) {
    const uid = takenUid(changes)
    const pod = await kube.get<Pod>(RESOURCES.Pod, refOf(object))
    return !pod || uidOf(pod) !== uid || pod.metadata?.deletionTimestamp ? 'done' : 'absent'
  },
}
