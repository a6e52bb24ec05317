import { decoderOf } from '@kubewise/contracts'
import { Type } from 'typebox'
import type { ActionSpec } from '../action.ts'
import { changeOf, NO_IMPACT } from './permissions.ts'

const parameters = Type.Object(
  { size: Type.String({ pattern: '^[1-9][0-9]*([kMGTPE]|[KMGTPE]i)?$', maxLength: 32 }) },
  { additionalProperties: false },
)

/** Asks for a larger volume. A volume never shrinks again, so how far is bounded when it is done. */
export const expandVolume: ActionSpec = {
  name: 'expand-volume@1',
  title: 'Expand a volume',
  kinds: ['PersistentVolumeClaim'],
  parameters,
  decode: decoderOf(parameters),
  risk: 'high',
  isPassive: false,
  setsReplicas: false,
  keepsWhenNotEnough: false,
  needs: () => changeOf('', 'persistentvolumeclaims'),
  useWhen: 'A volume fills up or is almost full, and its class allows expansion.',
  notWhen: 'Its class allows none, or the claim was never bound.',
  requires:
    'The claim is bound, its class allows expansion, and the new size is larger, at most twice the present one and four times the one before the incident.',
  doneWhen: 'The claim carries the marker of the step, written together with the size.',
  undo: { how: 'none', say: 'A volume cannot be made smaller.' },
  impact: NO_IMPACT,
}
