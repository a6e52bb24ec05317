import { decoderOf } from '@kubewise/contracts'
import { Type } from 'typebox'
import type { ActionSpec } from '../action.ts'
import { NO_IMPACT, readOf, WORKLOAD_KINDS } from './permissions.ts'

const parameters = Type.Object({ atMost: Type.Integer({ minimum: 1, maximum: 100 }) }, { additionalProperties: false })

/** Deletes pods of the target that ran to their end, the oldest first. */
export const deleteFinishedPods: ActionSpec = {
  name: 'delete-finished-pods@1',
  title: 'Delete pods that ran to their end',
  kinds: [...WORKLOAD_KINDS, 'Job', 'CronJob'],
  parameters,
  decode: decoderOf(parameters),
  risk: 'high',
  isPassive: false,
  setsReplicas: false,
  keepsWhenNotEnough: false,
  needs: (kind) => [
    ...readOf(kind),
    ...['delete', 'get', 'list'].map((verb) => ({ group: '', resource: 'pods', verb })),
  ],
  useWhen: 'Pods that succeeded, failed or were evicted pile up, and hold quota, addresses or names that others need.',
  notWhen: 'Their logs are still needed, or the Job that counts them has not ended.',
  requires: 'Each pod has ended, and a controller that ends at the target; a Job that is the target has ended.',
  doneWhen: 'Each of these pods, by its uid, is gone or being deleted.',
  undo: { how: 'none', say: 'A pod that ended cannot be brought back; its log is gone with it.' },
  impact: NO_IMPACT,
}
