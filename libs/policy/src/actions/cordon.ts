import { decoderOf } from '@kubewise/contracts'
import { Type } from 'typebox'
import type { ActionSpec } from '../action.ts'
import { changeOf, NO_IMPACT } from './permissions.ts'

const parameters = Type.Unsafe<Record<string, never>>(Type.Object({}, { additionalProperties: false }))

/** Keeps new pods off a node. Those on it stay. */
export const cordon: ActionSpec = {
  name: 'cordon@1',
  title: 'Cordon a node',
  kinds: ['Node'],
  parameters,
  decode: decoderOf(parameters),
  risk: 'high',
  isPassive: false,
  setsReplicas: false,
  keepsWhenNotEnough: false,
  needs: () => changeOf('', 'nodes'),
  useWhen: 'One node is ill (not ready, out of disk, a wrong clock), and what would be placed on it would be ill too.',
  notWhen: 'Many nodes are ill at once, or it would leave too few to carry the work.',
  requires: 'The node is not cordoned, and nobody has changed it since it was read.',
  doneWhen: 'The node carries the marker of the step, written together with `spec.unschedulable`.',
  undo: { how: 'restore' },
  impact: NO_IMPACT,
}

/** Lets pods onto a node again that KubeWise itself cordoned. */
export const uncordon: ActionSpec = {
  ...cordon,
  name: 'uncordon@1',
  title: 'Uncordon a node',
  useWhen: 'KubeWise cordoned the node, and it is well again.',
  notWhen: 'A person or another controller cordoned it: then it is maintenance.',
  requires: 'The node is cordoned, and its annotation `kubewise.io/cordoned` says that KubeWise did so.',
}
