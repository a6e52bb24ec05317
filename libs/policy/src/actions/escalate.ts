import { decoderOf } from '@kubewise/contracts'
import { Type } from 'typebox'
import type { ActionSpec } from '../action.ts'
import { NO_IMPACT } from './permissions.ts'

const parameters = Type.Object(
  { say: Type.Optional(Type.String({ maxLength: 1024 })) },
  { additionalProperties: false },
)

/** Calls a person, with the whole story. */
export const escalate: ActionSpec = {
  name: 'escalate@1',
  title: 'Call a person',
  kinds: [],
  parameters,
  decode: decoderOf(parameters),
  risk: 'low',
  isPassive: true,
  setsReplicas: false,
  keepsWhenNotEnough: false,
  needs: () => [],
  useWhen: 'Nothing that KubeWise may do would help, or what it did was not enough.',
  notWhen: 'A remedy within the rules has not been tried yet.',
  undo: { how: 'none', say: 'Nothing was changed.' },
  impact: NO_IMPACT,
}
