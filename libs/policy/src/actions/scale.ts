import { decoderOf } from '@kubewise/contracts'
import { Type } from 'typebox'
import type { ActionSpec } from '../action.ts'
import { patchOf } from './permissions.ts'

const MAX_REPLICAS = 1000
const parameters = Type.Object(
  { replicas: Type.Integer({ minimum: 1, maximum: MAX_REPLICAS }) },
  { additionalProperties: false },
)

/** Sets how many pods a workload shall have; an absolute number, never a difference, and never none. */
export const scale: ActionSpec = {
  name: 'scale@1',
  title: 'Scale a workload',
  kinds: ['Deployment', 'StatefulSet'],
  parameters,
  decode: decoderOf(parameters),
  risk: 'low',
  isPassive: false,
  setsReplicas: true,
  keepsWhenNotEnough: false,
  needs: patchOf,
  useWhen:
    'A disruption budget leaves no room, or more work than the replicas can carry, and nothing else sets the replicas.',
  notWhen:
    'An autoscaler owns the replicas, a quota is exhausted, new pods could not start, or somebody scaled it to 0 on purpose.',
  requires:
    'It has another number of replicas, and was not scaled to 0 by somebody; that number is still the one that was read.',
  doneWhen: 'The workload carries the marker of the step, written together with the replicas.',
  undo: { how: 'restore' },
  impact({ pods, target }, { replicas }) {
    const fewer = Math.max(0, target.wanted - Number(replicas))
    const ready = pods.filter((pod) => pod.ready && !pod.terminating).length
    return { pods: Math.abs(Number(replicas) - target.wanted), readyPodsTaken: Math.min(fewer, ready), restarts: false }
  },
}
