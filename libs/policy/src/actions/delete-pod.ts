import type { ActionSpec } from '../action.ts'
import { evictPod } from './evict-pod.ts'

/** Deletes one pod where the eviction API cannot, named with its uid so that its replacement can never be meant. */
export const deletePod: ActionSpec = {
  ...evictPod,
  name: 'delete-pod@1',
  title: 'Delete a pod that cannot be evicted',
  risk: 'high',
  needs: () => [
    ...['get', 'delete'].map((verb) => ({ group: '', resource: 'pods', verb })),
    { group: '', resource: 'nodes', verb: 'get' },
    { group: 'policy', resource: 'poddisruptionbudgets', verb: 'list' },
  ],
  useWhen:
    'One pod was told to end and sticks on a node that is dead, or is ill under more than one disruption budget, which the eviction API refuses.',
  notWhen:
    'It can be evicted; it has no controller; a finalizer holds it; it is of a StatefulSet, and its node may only be cut off and still run it.',
  requires:
    'The pod, by its uid, is of the target and has a controller. It was to end over a minute ago on a node that is gone or not ready (of a StatefulSet: gone, or tainted out of service) and has no finalizer; or it is not ready, and two budgets or more select it.',
  doneWhen: 'The pod of that uid is gone, or is being deleted where it was not.',
  undo: { how: 'none', say: 'A deleted pod cannot be brought back; its controller makes another one.' },
}
