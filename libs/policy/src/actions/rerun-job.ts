import { decoderOf } from '@kubewise/contracts'
import { Type } from 'typebox'
import type { ActionSpec } from '../action.ts'
import { NO_IMPACT, readOf } from './permissions.ts'

const parameters = Type.Object(
  { job: Type.String({ minLength: 1 }), uid: Type.String({ minLength: 1 }) },
  { additionalProperties: false },
)

/** Runs a failed Job once more, as a copy under another name. */
export const rerunJob: ActionSpec = {
  name: 'rerun-job@1',
  title: 'Run a failed Job once more',
  kinds: ['Job', 'CronJob'],
  parameters,
  decode: decoderOf(parameters),
  risk: 'high',
  isPassive: false,
  setsReplicas: false,
  keepsWhenNotEnough: false,
  // Also of a Job: the CronJob that made it may forbid another run.
  needs: () => [
    ...['create', 'delete', 'get'].map((verb) => ({ group: 'batch', resource: 'jobs', verb })),
    ...readOf('CronJob'),
  ],
  objectOf: ({ cluster, namespace }, { job, uid }) => ({
    cluster,
    kind: 'Job',
    namespace,
    name: String(job),
    uid: String(uid),
  }),
  useWhen: 'A Job failed by what has passed since, and its owner marked it with `kubewise.io/idempotent: "true"`.',
  notWhen:
    'It is not marked so, has not ended, has a selector of its own, or would fail again; the CronJob that made it is suspended, or does not let runs overlap: it would not count the copy.',
  requires: 'The Job is the target, or of it; it is marked, has failed, and nobody else has a Job of the copy’s name.',
  doneWhen: 'The copy is there, with our marker.',
  undo: { how: 'compensate', say: 'deletes the copy and its pods; what they did stays done' },
  impact: NO_IMPACT,
}
