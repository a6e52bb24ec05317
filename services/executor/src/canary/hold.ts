import { isDeepStrictEqual } from 'node:util'
import type { ExecutionStep } from '@kubewise/contracts'
import { isPodReady, revisionLabelOf, templateHash, type JsonPatchOperation, type PodTemplate } from '@kubewise/kube'
import { resolve } from '../actions/replacing.ts'
import type { Options } from '../config.ts'
import { isDaemonSet, isDeployment, isStatefulSet, wantedOf, type WorkloadView } from '../context/workload.ts'

/** One field that holds the rollout at its first new pod, as a step records what it changed; null stands for an absent one. */
type Field = ExecutionStep['changes'][number]

/** Whether the first new pod of a change is watched before the rest, how the controller is held, and why. */
export interface Hold {
  isWatched: boolean
  say: string
  fields: Field[]
}

type Settings = Options['canary']
type Workload = WorkloadView['workload']

const SECOND = 1000
const TEMPLATE = '/spec/template'
const MIN_READY = '/spec/minReadySeconds'
const STRATEGY = '/spec/strategy'
const UPDATE_STRATEGY = '/spec/updateStrategy'
const PATHS: ReadonlySet<string> = new Set([MIN_READY, STRATEGY, UPDATE_STRATEGY])
/** Of a Deployment that names none; what it is must exceed `minReadySeconds`. */
const DEFAULT_PROGRESS_SECONDS = 600

const not = (say: string): Hold => ({ isWatched: false, say, fields: [] })

function fieldOf({ spec }: Workload, path: string): unknown {
  return (spec as Record<string, unknown> | undefined)?.[path.replace('/spec/', '')] ?? null
}

const field = (workload: Workload, path: string, after: unknown): Field => ({
  path,
  before: fieldOf(workload, path),
  after,
})

const secondsOf = ({ watchMs }: Settings, own = 0, most = Infinity) =>
  Math.min(most, Math.max(own, Math.ceil(watchMs / SECOND)))

/** One more pod first, where its own strategy lets one more be; else one pod away. */
const oneByOne = (hasSurge: boolean) =>
  hasSurge ? { maxSurge: 1, maxUnavailable: 0 } : { maxSurge: 0, maxUnavailable: 1 }

/** The fields that make the controller itself wait, even if we die; or why it cannot be made to. */
function fieldsFor(view: WorkloadView, settings: Settings): Field[] | string {
  const { workload, pods } = view
  const wanted = wantedOf(view)
  if (isDeployment(workload)) {
    const { strategy, minReadySeconds, progressDeadlineSeconds = DEFAULT_PROGRESS_SECONDS } = workload.spec ?? {}
    if (strategy?.type === 'Recreate') return 'its strategy replaces all pods at once'
    const seconds = secondsOf(settings, minReadySeconds, progressDeadlineSeconds - 1)
    if (seconds < 1) return 'its progress deadline leaves no time'
    const hasSurge = resolve(strategy?.rollingUpdate?.maxSurge, '25%', wanted, Math.ceil) > 0
    const held = { ...strategy, rollingUpdate: oneByOne(hasSurge) }
    return [field(workload, MIN_READY, seconds), field(workload, STRATEGY, held)]
  }
  if (!isStatefulSet(workload) && !isDaemonSet(workload)) return 'its kind has no rollouts'
  const { updateStrategy = {} } = workload.spec ?? {}
  if (updateStrategy.type === 'OnDelete') return 'its pods are replaced only when somebody deletes them'
  if (isDaemonSet(workload)) {
    const { rollingUpdate } = updateStrategy as NonNullable<typeof workload.spec>['updateStrategy'] & object
    const hasSurge = resolve(rollingUpdate?.maxSurge, 0, wanted, Math.ceil) > 0
    const held = { ...updateStrategy, rollingUpdate: oneByOne(hasSurge) }
    return [
      field(workload, MIN_READY, secondsOf(settings, workload.spec?.minReadySeconds)),
      field(workload, UPDATE_STRATEGY, held),
    ]
  }
  const { rollingUpdate } = updateStrategy as NonNullable<typeof workload.spec>['updateStrategy'] & object
  if ((rollingUpdate?.partition ?? 0) >= wanted) return 'its partition keeps all pods as they are'
  if (!pods.every(isPodReady)) return 'some of its pods are not ready, and a StatefulSet waits for each of them'
  const held = { ...updateStrategy, rollingUpdate: { ...rollingUpdate, partition: wanted - 1 } }
  return [field(workload, UPDATE_STRATEGY, held)]
}

/** Ready pods that are of the template already that a change brings. */
function readyAlready({ revisions, pods }: WorkloadView, operations: readonly JsonPatchOperation[]): number {
  const whole = operations.find(({ op, path }) => op !== 'test' && path === TEMPLATE)
  if (!whole) return 0
  const hash = templateHash(whole.value as PodTemplate)
  const labels = new Set(revisions.filter((revision) => revision.hash === hash).map(({ label }) => label))
  return pods.filter((pod) => isPodReady(pod) && labels.has(revisionLabelOf(pod) ?? '')).length
}

/**
 * How a change is held at its first new pod. Nothing is held where there is nothing to protect, or nothing to learn.
 *
 * @returns undefined for a change that leaves the template as it is
 */
export function holdOf(
  view: WorkloadView,
  operations: readonly JsonPatchOperation[],
  settings: Settings,
): Hold | undefined {
  if (!operations.some(({ op, path }) => op !== 'test' && path.startsWith(TEMPLATE))) return undefined
  const wanted = wantedOf(view)
  if (settings.watchMs === 0) return not('No canary: it is switched off.')
  if (wanted < settings.minReplicas) return not(`No canary: ${wanted} pods are fewer than ${settings.minReplicas}.`)
  if (!view.pods.some(isPodReady)) return not('No canary: no pod is ready, so that there is nothing to protect.')
  const already = readyAlready(view, operations)
  if (already > 0) return not(`No canary: ${already} pods of that template are ready already.`)
  const fields = fieldsFor(view, settings)
  if (typeof fields === 'string') return not(`No canary: ${fields}.`)
  return { isWatched: true, say: 'The first new pod is watched before the rest is replaced.', fields }
}

/** What holds a rollout, as part of the same PATCH as the change. */
export const holding = ({ fields }: Hold): JsonPatchOperation[] =>
  fields.map(({ path, after }) => ({ op: 'add', path, value: after }))

/** The fields of a step that hold its rollout. */
export const heldFields = ({ changes }: Pick<ExecutionStep, 'changes'>): Field[] =>
  changes.filter(({ path }) => PATHS.has(path))

const asFields = (value: unknown) =>
  (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>

/** A longer wait holds too, as does a higher partition; what the server fills in beside is no change. */
function stillHolds({ path, after }: Field, now: unknown): boolean {
  if (path === MIN_READY) return Number(now ?? 0) >= Number(after)
  const theirs = asFields(asFields(now)['rollingUpdate'])
  return Object.entries(asFields(asFields(after)['rollingUpdate'])).every(([key, value]) =>
    key === 'partition' ? Number(theirs[key] ?? 0) >= Number(value) : isDeepStrictEqual(theirs[key], value),
  )
}

/** The fields by which somebody else has let go of a rollout that was held. */
export const releasedFields = (step: Pick<ExecutionStep, 'changes'>, workload: Workload): string[] =>
  heldFields(step).flatMap((held) => (stillHolds(held, fieldOf(workload, held.path)) ? [] : [held.path]))

/** What lets a rollout go on: each field as it was before, unless somebody has set it since. */
export function letGo(step: Pick<ExecutionStep, 'changes'>, workload: Workload): JsonPatchOperation[] {
  return heldFields(step).flatMap(({ path, before, after }): JsonPatchOperation[] => {
    const now = fieldOf(workload, path)
    if (isDeepStrictEqual(now, before) || !isDeepStrictEqual(now, after)) return []
    return before === null ? [{ op: 'remove', path }] : [{ op: 'replace', path, value: before }]
  })
}
