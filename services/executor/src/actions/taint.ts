import { UNHEALTHY_TAINT } from '@kubewise/contracts'
import type { JsonPatchOperation, KubernetesObject, Node } from '@kubewise/kube'
import { restoring, type ObjectWork, type Prepared } from './work.ts'

const PATH = '/spec/taints'
const OURS = { key: UNHEALTHY_TAINT, effect: 'NoSchedule' }

type Taints = NonNullable<NonNullable<Node['spec']>['taints']>

const taintsOf = ({ spec }: Node): Taints => spec?.taints ?? []
/** With another effect, or a value, it is somebody else's, whoever chose the key. */
const isOurs = ({ key, effect, value = '' }: Taints[number]) =>
  key === OURS.key && effect === OURS.effect && value === ''
const isTainted = (node: Node) => taintsOf(node).some(isOurs)
const withOurs = (node: Node): Taints => [...taintsOf(node).filter((taint) => !isOurs(taint)), OURS]
const withoutOurs = (node: Node): Taints => taintsOf(node).filter((taint) => !isOurs(taint))

/** The whole list is tested and replaced: others add to it and take from it, and places in it move. */
function replacing(node: Node, after: Taints): JsonPatchOperation[] {
  const before = taintsOf(node)
  // What is absent cannot be tested for; then nothing at all may have changed.
  const isSame: JsonPatchOperation =
    before.length > 0
      ? { op: 'test', path: PATH, value: before }
      : { op: 'test', path: '/metadata/resourceVersion', value: node.metadata?.resourceVersion }
  return [isSame, { op: 'add', path: PATH, value: after }]
}

const ours = (isThere: boolean) => (isThere ? `${UNHEALTHY_TAINT}:${OURS.effect}` : null)

function prepared(node: Node, after: Taints, say: string): Prepared {
  const before = isTainted(node)
  return {
    effect: { kind: 'patch', operations: replacing(node, after) },
    changes: [{ path: PATH, before: ours(before), after: ours(!before) }],
    undo: restoring(say, []),
  }
}

const alreadySo = (node: KubernetesObject, what: string) => ({
  code: 'already-so',
  say: `The node ${node.metadata?.name} ${what} the taint ${UNHEALTHY_TAINT} already.`,
})

/** Puts KubeWise's own taint on a node. */
export const taint: ObjectWork = {
  on: 'object',
  name: 'taint@1',
  prepare: ({ object }) =>
    isTainted(object) ? alreadySo(object, 'has') : prepared(object, withOurs(object), 'Takes the taint off again.'),
  undo: (_step, object) =>
    isTainted(object)
      ? replacing(object, withoutOurs(object))
      : { code: 'changed-since', say: 'Somebody has taken the taint off since.' },
}

/** Takes KubeWise's own taint off a node, whatever others are on it. */
export const untaint: ObjectWork = {
  on: 'object',
  name: 'untaint@1',
  prepare: ({ object }) =>
    isTainted(object)
      ? prepared(object, withoutOurs(object), 'Puts the taint on again.')
      : alreadySo(object, 'is without'),
  undo: (_step, object) =>
    isTainted(object)
      ? { code: 'changed-since', say: 'Somebody has put the taint on since.' }
      : replacing(object, withOurs(object)),
}
