import type { Refusal } from '@kubewise/contracts'
import { RESOURCES, type Container, type Pod } from '@kubewise/kube'
import { raiseRefusal } from '@kubewise/policy'
import { ownersOf } from '../context/pod-owners.ts'
import { amountOf, exchange } from './exchange.ts'
import { recordedPatch } from './recorded-patch.ts'
import { isRefusal, restoring, type ObjectPreparation, type ObjectWork } from './work.ts'

const PARAMETERS = { memoryLimit: 'memory', cpuLimit: 'cpu' } as const

interface Raised {
  key: string
  path: string
  before: string
  after: string
  original: string
}

/** One limit's raise within its bounds, or why not. */
function raise(
  { record, incident, limits }: ObjectPreparation,
  { name, resources, resizePolicy = [] }: Container,
  path: string,
  resource: string,
  after: string,
): Raised | Refusal {
  const before = resources?.limits?.[resource]
  // Against the template's value before the incident too: a raise there and one here are one raise.
  const key = `${name}/${resource}`
  const earlier = record.originalsOf === incident ? record.originals[key] : undefined
  const original = earlier ?? String(before)
  const amounts = { original: amountOf(original), current: amountOf(before), next: amountOf(after) }
  const refusal = raiseRefusal(amounts, limits)
  if (refusal) return refusal
  if (before === undefined || amountOf(before) === amountOf(after))
    return { code: 'already-so', say: `The ${resource} limit of ${name} is ${before ?? 'unset'} already.` }
  if (
    resizePolicy.some(({ resourceName, restartPolicy }) => resourceName === resource && restartPolicy !== 'NotRequired')
  )
    return { code: 'restart-needed', say: `${name} restarts when its ${resource} is changed; that is not in place.` }
  return { key, path: `${path}/resources/limits/${resource}`, before: String(before), after, original }
}

/** Raises the limits of a running pod without ending it, where the server can. The template stays; a new pod is as before. */
export const resizePod: ObjectWork = {
  on: 'object',
  name: 'resize-pod@1',
  effect: 'resize',

  async prepare(preparation) {
    const { kube, object, step, target } = preparation
    const pod = object as Pod
    const name = String(step.with['container'])
    const [owned] = await ownersOf(kube, target.cluster, [pod])
    if (owned?.target?.kind !== target.kind || owned.target.name !== target.name)
      return { code: 'foreign-object', say: `The pod ${pod.metadata?.name} is not of ${target.kind} ${target.name}.` }
    if (!(await kube.serves(RESOURCES.Pod, 'resize')))
      return { code: 'not-supported', say: 'This API server cannot resize a running pod; that came with 1.33.' }
    const index = pod.spec?.containers.findIndex((container) => container.name === name) ?? -1
    const container = pod.spec?.containers[index]
    if (!container) return { code: 'container-gone', say: `There is no container ${name} in the pod.` }
    const path = `/spec/containers/${index}`
    const raised = Object.entries(PARAMETERS).flatMap(([parameter, resource]) => {
      const after = step.with[parameter]
      return after === undefined ? [] : [raise(preparation, container, path, resource, String(after))]
    })
    const refusal = raised.find(isRefusal)
    if (refusal) return refusal
    const all = raised.filter((one): one is Raised => !isRefusal(one))
    const isSame = { op: 'test' as const, path: `${path}/name`, value: name }
    return {
      effect: {
        kind: 'resize',
        operations: [isSame, ...all.flatMap(({ path, before, after }) => exchange(path, before, after))],
      },
      changes: all.map(({ path, before, after }) => ({ path, before, after })),
      undo: restoring(`Brings back the limits of ${name}.`, [
        isSame,
        ...all.flatMap(({ path, before, after }) => exchange(path, after, before)),
      ]),
      originals: Object.fromEntries(all.map(({ key, original }) => [key, original])),
    }
  },

  undo: ({ undo }) => recordedPatch(undo?.patch),
}
