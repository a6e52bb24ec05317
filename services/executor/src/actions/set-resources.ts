import type { Refusal } from '@kubewise/contracts'
import { type Container, type JsonPatchOperation, type PodSpec, type QuantityText } from '@kubewise/kube'
import { raiseRefusal } from '@kubewise/policy'
import { amountOf, asStored, exchange } from './exchange.ts'
import { recordedPatch } from './recorded-patch.ts'
import { readyPodsTakenByReplacing } from './replacing.ts'
import { stuckPods } from './stuck-pods.ts'
import { isRefusal, restoring, type WorkloadWork, type Preparation } from './work.ts'

const PARAMETERS = { memoryLimit: 'memory', cpuLimit: 'cpu' } as const

interface Place {
  container: Container
  /** JSON pointer of the container in its workload. */
  path: string
}

function placeOf(spec: PodSpec | undefined, name: string): Place | undefined {
  for (const list of ['containers', 'initContainers'] as const) {
    const index = spec?.[list]?.findIndex((container) => container.name === name) ?? -1
    const container = spec?.[list]?.[index]
    if (container) return { container, path: `/spec/template/spec/${list}/${index}` }
  }
  return undefined
}

interface Raised {
  key: string
  path: string
  before: QuantityText
  original: string
  after: string
}

/** One limit's raise within its bounds, or why not. What it was before the incident bounds how far it may go. */
function raise(
  preparation: Preparation,
  { container, path }: Place,
  resource: string,
  after: string,
): Raised | Refusal {
  const { record, incident, limits } = preparation
  const key = `${container.name}/${resource}`
  const before = container.resources?.limits?.[resource]
  const earlier = record.originalsOf === incident ? record.originals[key] : undefined
  const original = earlier ?? String(before)
  const refusal = raiseRefusal(
    { original: amountOf(original), current: amountOf(before), next: amountOf(after) },
    limits,
  )
  if (refusal) return refusal
  if (before === undefined || amountOf(before) === amountOf(after))
    return { code: 'already-so', say: `The ${resource} limit of ${container.name} is ${before ?? 'unset'} already.` }
  return { key, path: `${path}/resources/limits/${resource}`, before, original, after }
}

/** The tests prove that it is still the same container, and what we wrote; then the values from before the incident come back. */
function backTo({ container, path }: Place, raised: readonly Raised[]): JsonPatchOperation[] {
  return [
    { op: 'test', path: `${path}/name`, value: container.name },
    ...raised.map(({ path, after }) => ({ op: 'test' as const, path, value: after })),
    ...raised.map(({ path, original }) => ({ op: 'replace' as const, path, value: original })),
  ]
}

/** Raises limits in the template. What was not enough stays for the next raise, so that undoing goes back to before the incident. */
export const setResources: WorkloadWork = {
  on: 'workload',
  name: 'set-resources@1',

  readyPodsTaken: (view) => readyPodsTakenByReplacing(view, () => true),

  prepare(preparation) {
    const { view, step } = preparation
    const name = String(step.with['container'])
    const place = placeOf(view.workload.spec?.template?.spec, name)
    if (!place) return { code: 'container-gone', say: `There is no container ${name} in the template.` }
    const raised: Raised[] = []
    for (const [parameter, resource] of Object.entries(PARAMETERS)) {
      const after = step.with[parameter]
      if (after === undefined) continue
      const one = raise(preparation, place, resource, asStored(String(after)))
      if (isRefusal(one)) return one
      raised.push(one)
    }
    return {
      effect: {
        kind: 'patch',
        operations: [
          { op: 'test', path: `${place.path}/name`, value: name },
          ...raised.flatMap(({ path, before, after }) => exchange(path, before, after)),
        ],
      },
      changes: raised.map(({ path, before, after }) => ({ path, before, after })),
      undo: restoring(`Brings back the limits of ${name} from before the incident.`, backTo(place, raised)),
      originals: Object.fromEntries(raised.map(({ key, original }) => [key, original])),
    }
  },

  undo: ({ undo }) => recordedPatch(undo?.patch),

  inTheWay: stuckPods,
}
