import { decoderOf } from '@kubewise/contracts'
import { Type } from 'typebox'
import type { ActionSpec } from '../action.ts'
import { changeOf, NO_IMPACT } from './permissions.ts'

const parameters = Type.Unsafe<Record<string, never>>(Type.Object({}, { additionalProperties: false }))

/** Stops a rollout where it stands: no further pod is replaced, those that run go on. */
export const pauseRollout: ActionSpec = {
  name: 'pause-rollout@1',
  title: 'Pause a rollout',
  kinds: ['Deployment'],
  parameters,
  decode: decoderOf(parameters),
  risk: 'high',
  isPassive: false,
  setsReplicas: false,
  keepsWhenNotEnough: false,
  needs: () => changeOf('apps', 'deployments'),
  useWhen: 'A rollout goes wrong, old pods still serve, and it is not certain that an earlier revision is better.',
  notWhen: 'A healthy revision is known: rolling back mends it. A paused workload also stops taking good changes.',
  requires: 'The rollout is not paused, and nobody has changed the spec since it was read.',
  doneWhen: 'The Deployment carries the marker of the step, written together with `spec.paused`.',
  undo: { how: 'restore' },
  impact: NO_IMPACT,
}

/** Lets a rollout go on that KubeWise itself paused. */
export const resumeRollout: ActionSpec = {
  ...pauseRollout,
  name: 'resume-rollout@1',
  title: 'Resume a rollout',
  isForPaused: true,
  useWhen: 'KubeWise paused the rollout, and what it waited for is there.',
  notWhen: 'A person paused it: somebody is at work on it.',
  requires: 'The rollout is paused, and its annotation `kubewise.io/paused` says that KubeWise did so.',
}
