import { decoderOf } from '@kubewise/contracts'
import { Type } from 'typebox'
import type { ActionSpec } from '../action.ts'
import { patchOf, WORKLOAD_KINDS } from './permissions.ts'
import { rollingImpact } from './rolling.ts'

const parameters = Type.Unsafe<Record<string, never>>(Type.Object({}, { additionalProperties: false }))

/** Replaces all pods of a workload, as `kubectl rollout restart` does. */
export const restart: ActionSpec = {
  name: 'restart@1',
  title: 'Restart a workload',
  kinds: WORKLOAD_KINDS,
  parameters,
  decode: decoderOf(parameters),
  risk: 'medium',
  isPassive: false,
  setsReplicas: false,
  keepsWhenNotEnough: false,
  needs: patchOf,
  useWhen: 'Memory leaks slowly and is far from its limit in a fresh pod, or pods hold a rotated secret.',
  notWhen: 'New pods could not start, all replicas serve a real traffic spike, or the cause lies outside the pods.',
  requires: 'Nobody has changed the spec since it was read.',
  doneWhen:
    'The workload carries the marker of the step, written together with the restart’s annotation on the template.',
  undo: {
    how: 'none',
    say: 'Pods that were restarted cannot be brought back; the template is the same but for one annotation.',
  },
  impact: rollingImpact,
}
