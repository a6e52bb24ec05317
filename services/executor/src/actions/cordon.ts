import { CORDONED_ANNOTATION } from '@kubewise/contracts'
import type { Node } from '@kubewise/kube'
import { isSetByUs, setFlag, takingOff, type Flag } from './flag.ts'
import { recordedPatch } from './recorded-patch.ts'
import type { ObjectWork } from './work.ts'

export const CORDONED: Flag = {
  path: '/spec/unschedulable',
  isSet: ({ spec }: Node) => spec?.unschedulable === true,
  annotation: CORDONED_ANNOTATION,
}

/** Cordons a node, and leaves word that it was KubeWise. */
export const cordon: ObjectWork = {
  on: 'object',
  name: 'cordon@1',
  prepare: ({ object, incident }) =>
    CORDONED.isSet(object)
      ? { code: 'already-so', say: `The node ${object.metadata?.name} is cordoned already.` }
      : setFlag(object, CORDONED, true, incident, 'Uncordons the node.'),
  undo: takingOff(CORDONED),
}

/** Uncordons a node that KubeWise cordoned, and no other. */
export const uncordon: ObjectWork = {
  on: 'object',
  name: 'uncordon@1',
  prepare({ object }) {
    if (!CORDONED.isSet(object))
      return { code: 'already-so', say: `The node ${object.metadata?.name} is not cordoned.` }
    if (!isSetByUs(object, CORDONED))
      return { code: 'cordoned-by-others', say: 'Somebody else cordoned the node; that is maintenance.' }
    return setFlag(object, CORDONED, false, '', 'Cordons the node again.')
  },
  undo: ({ undo }) => recordedPatch(undo?.patch),
}
