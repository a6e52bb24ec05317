import { decoderOf } from '@kubewise/contracts'
import { Type } from 'typebox'
import type { ActionSpec } from '../action.ts'
import { NO_IMPACT, readOf } from './permissions.ts'

const parameters = Type.Object({ atMost: Type.Integer({ minimum: 1, maximum: 100 }) }, { additionalProperties: false })

/** Deletes pods of the target that ran to their end, the oldest first. */
export const deleteFinishedPods: ActionSpec = {
  name: 'delete-finished-pods@1',
  title: 'Delete pods that ran to their end',
  // StatefulSets and DaemonSets replace their own, at once.
  kinds: ['Deployment', 'Job', 'CronJob'],
  parameters,
  decode: decoderOf(parameters),
  risk: 'high',
  isPassive: false,
  setsReplicas: false,
  keepsWhenNotEnough: false,
  needs: (kind) => [
    ...readOf(kind),
    ...(kind === 'CronJob' ? readOf('Job') : []),
    ...['delete', 'get', 'list'].map((verb) => ({ group: '', resource: 'pods', verb })),
  ],
  useWhen: 'Pods that succeeded, failed or were evicted pile up, and hold quota, addresses or names that others need.',
  notWhen: 'Their logs are still needed. Pods of a Job that has not ended are left: it counts them.',
  requires:
    'Each pod has ended, and a controller that ends at the target; the Job that is the target, or that counts the pod, has ended.',
  doneWhen: 'Each of these pods, by its uid, is gone or being deleted.',
  undo: { how: 'none', say: 'A pod that ended cannot be brought back; its log is gone with it.' },
  impact: NO_IMPACT,
}
