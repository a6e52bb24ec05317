import { decoderOf } from '@kubewise/contracts'
import { Type } from 'typebox'
import type { ActionSpec } from '../action.ts'
import { cordon } from './cordon.ts'
import { changeOf, EVICTION } from './permissions.ts'

const parameters = Type.Object({ deleteEmptyDirData: Type.Optional(Type.Boolean()) }, { additionalProperties: false })

/** Keeps new pods off a node, and evicts those on it one by one. */
export const drain: ActionSpec = {
  ...cordon,
  name: 'drain@1',
  title: 'Drain a node',
  parameters,
  decode: decoderOf(parameters),
  needs: () => [
    ...changeOf('', 'nodes'),
    ...EVICTION,
    { group: '', resource: 'pods', verb: 'list' },
    { group: '', resource: 'namespaces', verb: 'get' },
    { group: '', resource: 'persistentvolumeclaims', verb: 'get' },
    { group: '', resource: 'persistentvolumes', verb: 'get' },
  ],
  requires:
    'Every pod but those of DaemonSets and static ones has a controller, opted in, lies in no protected namespace, and keeps nothing on the node (an emptyDir only where it was given up); nobody else is at work on any of them. Before each pod: the kill switch, the mode and the scope, its budgets, and the share of ready pods of its workload; these are waited for.',
  doneWhen: 'The node is cordoned with our marker, and none of these pods is left on it that is not ending.',
  useWhen: 'One node is ill, or about to be, and its pods must move while it still answers.',
  notWhen:
    'A pod on it has no controller, keeps data there, is protected or did not opt in; budgets or the other nodes leave no room; somebody else cordoned it.',
}
