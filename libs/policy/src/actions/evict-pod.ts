import { decoderOf } from '@kubewise/contracts'
import { Type } from 'typebox'
import type { ActionSpec } from '../action.ts'
import { EVICTION } from './permissions.ts'

const parameters = Type.Object(
  { pod: Type.String({ minLength: 1 }), uid: Type.String({ minLength: 1 }) },
  { additionalProperties: false },
)

/** Evicts one pod, named with its uid so that its replacement can never be meant. */
export const evictPod: ActionSpec = {
  name: 'evict-pod@1',
  title: 'Evict a pod',
  kinds: ['Pod'],
  parameters,
  decode: decoderOf(parameters),
  risk: 'low',
  isPassive: false,
  setsReplicas: false,
  keepsWhenNotEnough: false,
  needs: () => EVICTION,
  objectOf: ({ cluster, namespace }, { pod, uid }) => ({
    cluster,
    kind: 'Pod',
    namespace,
    name: String(pod),
    uid: String(uid),
  }),
  isOwn: ({ pods }, given) =>
    pods.some(({ uid, name, bare }) => !bare && uid === given['uid'] && name === given['pod']),
  useWhen: 'One replica is far above its siblings, or one pod is stuck, and its controller can bring a new one.',
  notWhen:
    'The pod has no controller, or a new one could not start: image, pull secret, configuration, quota or admission stand in the way.',
  requires: 'The pod of that name still has that uid, and has a controller; the disruption budget agrees.',
  doneWhen: 'The pod is gone, is being deleted, or another has its name.',
  undo: { how: 'none', say: 'An evicted pod cannot be brought back; its controller makes another one.' },
  impact({ pods }, { uid }) {
    const isReady = pods.some((pod) => pod.uid === uid && pod.ready && !pod.terminating)
    return { pods: 1, readyPodsTaken: isReady ? 1 : 0, restarts: true }
  },
}
