import { CORDONED_ANNOTATION } from '@kubewise/contracts'
import type { JsonPatchOperation, KubernetesObject, Node } from '@kubewise/kube'
import { recordedPatch } from './recorded-patch.ts'
import { restoring, type ObjectWork, type Prepared } from './work.ts'

const PATH = '/spec/unschedulable'

const isCordoned = ({ spec }: Node) => spec?.unschedulable === true
const cordonedBy = ({ metadata }: KubernetesObject) => metadata?.annotations?.[CORDONED_ANNOTATION] ?? ''

/** What is absent reads as false, but cannot be tested for; the guards on uid and version stand for it. */
function change(node: Node, after: boolean, note: string, say: string): Prepared {
  const before = isCordoned(node)
  const operations: JsonPatchOperation[] = [{ op: 'add', path: PATH, value: after }]
  // The API server drops a false again, so that only true can be tested for.
  const isOurs: JsonPatchOperation[] = after ? [{ op: 'test', path: PATH, value: true }] : []
  return {
    effect: { kind: 'patch', operations },
    changes: [{ path: PATH, before, after }],
    undo: restoring(say, [...isOurs, { op: 'add', path: PATH, value: before }]),
    notes: { [CORDONED_ANNOTATION]: note },
  }
}

/** Cordons a node, and leaves word that it was KubeWise. */
export const cordon: ObjectWork = {
  on: 'object',
  name: 'cordon@1',
  prepare: ({ object, incident }) =>
    isCordoned(object)
      ? { code: 'already-so', say: `The node ${object.metadata?.name} is cordoned already.` }
      : change(object, true, incident, 'Uncordons the node.'),
  undo: ({ undo }) => recordedPatch(undo?.patch),
}

/** Uncordons a node that KubeWise cordoned, and no other. */
export const uncordon: ObjectWork = {
  on: 'object',
  name: 'uncordon@1',
  prepare({ object }) {
    if (!isCordoned(object)) return { code: 'already-so', say: `The node ${object.metadata?.name} is not cordoned.` }
    if (cordonedBy(object) === '')
      return { code: 'cordoned-by-others', say: 'Somebody else cordoned the node; that is maintenance.' }
    return change(object, false, '', 'Cordons the node again.')
  },
  undo: ({ undo }) => recordedPatch(undo?.patch),
}
