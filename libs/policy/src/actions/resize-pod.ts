import { decoderOf } from '@kubewise/contracts'
import { Type } from 'typebox'
import type { ActionSpec } from '../action.ts'
import { evictPod } from './evict-pod.ts'
import { NO_IMPACT } from './permissions.ts'
import { hasLimit, LIMITS } from './set-resources.ts'

const parameters = Type.Object(
  { pod: Type.String({ minLength: 1 }), uid: Type.String({ minLength: 1 }), ...LIMITS },
  { additionalProperties: false },
)

/** Raises the limits of one container of one running pod, which goes on running. */
export const resizePod: ActionSpec = {
  ...evictPod,
  name: 'resize-pod@1',
  title: 'Raise the limits of a running pod',
  parameters,
  decode: decoderOf(parameters, hasLimit),
  risk: 'high',
  needs: () => [
    { group: '', resource: 'pods', verb: 'get' },
    { group: '', resource: 'pods', subresource: 'resize', verb: 'patch' },
  ],
  useWhen: 'One pod needs more than its template gives, and must not be restarted for it. Needs Kubernetes 1.33.',
  notWhen:
    'All replicas need it (then the template is wrong), the container restarts when resized, or the pod is of the class Guaranteed.',
  requires: 'The pod, by its uid, is of the target; its limits are what was read; the server has `pods/resize`.',
  doneWhen: 'The pod’s spec has the new values.',
  undo: { how: 'restore' },
  impact: NO_IMPACT,
}
