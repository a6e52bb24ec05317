import { PAUSED_ANNOTATION } from '@kubewise/contracts'
import type { Deployment } from '@kubewise/kube'
import { isSetByUs, setFlag, takingOff, type Flag } from './flag.ts'
import { recordedPatch } from './recorded-patch.ts'
import type { ObjectWork } from './work.ts'

const PAUSED: Flag = {
  path: '/spec/paused',
  isSet: ({ spec }: Deployment) => spec?.paused === true,
  annotation: PAUSED_ANNOTATION,
}

/** Pauses a rollout, and leaves word that it was KubeWise. */
export const pauseRollout: ObjectWork = {
  on: 'object',
  name: 'pause-rollout@1',
  prepare: ({ object, incident }) =>
    PAUSED.isSet(object)
      ? { code: 'already-so', say: `The rollout of ${object.metadata?.name} is paused already.` }
      : setFlag(object, PAUSED, true, incident, 'Lets the rollout go on.'),
  undo: takingOff(PAUSED),
}

/** Lets a rollout go on that KubeWise paused, and no other. */
export const resumeRollout: ObjectWork = {
  on: 'object',
  name: 'resume-rollout@1',
  prepare({ object }) {
    if (!PAUSED.isSet(object))
      return { code: 'already-so', say: `The rollout of ${object.metadata?.name} is not paused.` }
    if (!isSetByUs(object, PAUSED))
      return { code: 'target-paused', say: 'Somebody else paused the rollout, and is at work on it.' }
    return setFlag(object, PAUSED, false, '', 'Pauses the rollout again.')
  },
  undo: ({ undo }) => recordedPatch(undo?.patch),
}
