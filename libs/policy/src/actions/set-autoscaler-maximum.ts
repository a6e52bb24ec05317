import { decoderOf } from '@kubewise/contracts'
import { Type } from 'typebox'
import type { ActionSpec } from '../action.ts'
import { changeOf } from './permissions.ts'

const MAX_REPLICAS = 1000
const parameters = Type.Object(
  {
    autoscaler: Type.String({ minLength: 1 }),
    uid: Type.String({ minLength: 1 }),
    maxReplicas: Type.Integer({ minimum: 2, maximum: MAX_REPLICAS }),
  },
  { additionalProperties: false },
)

/** Raises how far an autoscaler may go; an absolute number. How far is bounded when it is done, against the value found there. */
export const setAutoscalerMaximum: ActionSpec = {
  name: 'set-autoscaler-maximum@1',
  title: 'Raise the maximum of an autoscaler',
  kinds: ['Deployment', 'StatefulSet'],
  parameters,
  decode: decoderOf(parameters),
  risk: 'medium',
  isPassive: false,
  setsReplicas: false,
  keepsWhenNotEnough: false,
  needs: () => changeOf('autoscaling', 'horizontalpodautoscalers'),
  objectOf: (target, { autoscaler, uid }) => ({
    ...target,
    kind: 'HorizontalPodAutoscaler',
    name: String(autoscaler),
    uid: String(uid),
  }),
  isOwn: ({ autoscaler }, given) =>
    autoscaler.exists && autoscaler.uid === given['uid'] && autoscaler.name === given['autoscaler'],
  useWhen:
    'All replicas are busy with real work, the autoscaler stands at its maximum, and the nodes have room for more.',
  notWhen:
    'The autoscaler cannot read its metrics, nodes or quota have no room, or one replica alone is busy (a runaway).',
  requires:
    'The autoscaler has that uid and is the target’s; the new maximum is higher, at most twice the present one and four times the one before the incident.',
  doneWhen: 'The autoscaler carries the marker of the step, written together with the maximum.',
  undo: { how: 'restore' },
  impact: ({ autoscaler }, { maxReplicas }) => ({
    pods: Math.max(0, Number(maxReplicas) - autoscaler.maxReplicas),
    readyPodsTaken: 0,
    restarts: false,
  }),
}
