import { decoderOf, UNHEALTHY_TAINT } from '@kubewise/contracts'
import { Type } from 'typebox'
import type { ActionSpec } from '../action.ts'
import { changeOf, NO_IMPACT } from './permissions.ts'

const parameters = Type.Unsafe<Record<string, never>>(Type.Object({}, { additionalProperties: false }))

/** Keeps new pods off a node but those that tolerate it, which a cordon does not tell apart. */
export const taint: ActionSpec = {
  name: 'taint@1',
  title: 'Taint a node',
  kinds: ['Node'],
  parameters,
  decode: decoderOf(parameters),
  risk: 'high',
  isPassive: false,
  setsReplicas: false,
  keepsWhenNotEnough: false,
  needs: () => changeOf('', 'nodes'),
  useWhen: 'One node is ill for most of what could be placed on it, and some pods are made for just that.',
  notWhen: 'Many nodes are ill at once, or nothing may be placed on it at all: then it is cordoned.',
  requires: `The node has no taint ${UNHEALTHY_TAINT}, and nobody has changed its taints since they were read.`,
  doneWhen: `The node carries the marker of the step, written together with the taint ${UNHEALTHY_TAINT} (NoSchedule).`,
  undo: { how: 'restore' },
  impact: NO_IMPACT,
}

/** Takes KubeWise's own taint off a node, and no other. */
export const untaint: ActionSpec = {
  ...taint,
  name: 'untaint@1',
  title: 'Take the taint off a node',
  useWhen: 'KubeWise tainted the node, and it is well again.',
  notWhen: 'The taint is another one: its owner takes it off.',
  requires: `The node has the taint ${UNHEALTHY_TAINT}, and nobody has changed its taints since they were read.`,
  doneWhen: 'The node carries the marker of the step, written together with the taints that are left.',
}
