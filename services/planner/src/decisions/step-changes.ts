import { hashOf, UNHEALTHY_TAINT, type Facts, type FieldChange, type Precondition } from '@kubewise/contracts'
import type {
  Container,
  Deployment,
  JsonPatchOperation,
  KubernetesObject,
  Node,
  PersistentVolumeClaim,
  PodTemplate,
  Revision,
} from '@kubewise/kube'
import { rolloutWorkload, templateOf, type Context } from '../context/context.ts'
import type { ResolvedStep } from '../playbooks/ask.ts'

/** What a step rests on, what it will change, and the change as the server could be asked about it. */
export interface StepChanges {
  preconditions: Precondition[]
  changes: FieldChange[]
  /** Absent where there is nothing to ask: the step only tells, or is no patch. */
  patch?: JsonPatchOperation[]
  /** What the pods will be made from after it; absent where the template stays as it is. */
  template?: PodTemplate
}

/** Templates hold env values, so a plan shows only their hashes, in short. */
const shortHash = (value: unknown) => hashOf(value).slice(0, 16)

const uidIs = (object: KubernetesObject): Precondition => ({ field: 'metadata.uid', is: object.metadata?.uid ?? '' })

/** The very object that was looked at, with the very template. */
function onTemplate(target: KubernetesObject, template: PodTemplate | undefined): Precondition[] {
  return [uidIs(target), { field: 'spec.template', hash: hashOf(template) }]
}

const containersOf = (template: PodTemplate | undefined): readonly Container[] => template?.spec?.containers ?? []

function imageChanges(before: PodTemplate | undefined, after: PodTemplate): FieldChange[] {
  return containersOf(before).flatMap(({ name, image }, index) => {
    const next = containersOf(after).find((container) => container.name === name)?.image
    return next === image
      ? []
      : { path: `/spec/template/spec/containers/${index}/image`, before: image ?? null, after: next ?? null }
  })
}

function rollbackChanges(context: Context, target: KubernetesObject, { template }: Revision): StepChanges {
  const present = templateOf(context)
  return {
    preconditions: onTemplate(target, present),
    changes: [
      { path: '/spec/template', before: shortHash(present), after: shortHash(template) },
      ...imageChanges(present, template),
    ],
    patch: [{ op: 'replace', path: '/spec/template', value: template }],
    template,
  }
}

/** The template with one container's limits as the step sets them. */
function withLimits(template: PodTemplate, name: string, { with: given }: ResolvedStep): PodTemplate {
  const limits = Object.fromEntries(
    (['memory', 'cpu'] as const).flatMap((resource) => {
      const limit = given[`${resource}Limit`]
      return limit === undefined ? [] : [[resource, String(limit)]]
    }),
  )
  const raised = (container: Container): Container => ({
    ...container,
    resources: { ...container.resources, limits: { ...container.resources?.limits, ...limits } },
  })
  const containers = containersOf(template).map((each) => (each.name === name ? raised(each) : each))
  return { ...template, spec: { ...template.spec, containers } }
}

function resourceChanges(context: Context, target: KubernetesObject, step: ResolvedStep): StepChanges {
  const template = templateOf(context)
  const container = String(step.with['container'])
  const index = containersOf(template).findIndex(({ name }) => name === container)
  const limits = containersOf(template)[index]?.resources?.limits ?? {}
  const changes = (['memory', 'cpu'] as const).flatMap((resource): FieldChange[] => {
    const after = step.with[`${resource}Limit`]
    if (after === undefined) return []
    const path = `/spec/template/spec/containers/${index}/resources/limits/${resource}`
    return [{ path, before: limits[resource] ?? null, after }]
  })
  return {
    preconditions: onTemplate(target, template),
    changes,
    ...(template && { template: withLimits(template, container, step) }),
    // `add` on an object member replaces it where it is there; a container without limits cannot be asked about so.
    ...(Object.keys(limits).length > 0 && {
      patch: changes.map(({ path, after }) => ({ op: 'add' as const, path, value: after })),
    }),
  }
}

function replicaChanges(target: KubernetesObject, wanted: number, step: ResolvedStep): StepChanges {
  const replicas = step.with['replicas'] ?? wanted
  return {
    preconditions: [uidIs(target), { field: 'spec.replicas', is: wanted }],
    changes: [{ path: '/spec/replicas', before: wanted, after: replicas }],
    patch: [{ op: 'replace', path: '/spec/replicas', value: replicas }],
  }
}

/** @throws Error for a revision that is not among the target's own */
function revisionOf({ revisions }: Context, number: unknown): Revision {
  const revision = revisions.find((each) => each.number === number)
  if (!revision)
    throw new Error(`revision ${String(number)}: expected one of ${revisions.map((each) => each.number).join(', ')}`)
  return revision
}

/** The one change of a value, of the very object that was looked at. */
function valueChange(
  object: KubernetesObject,
  field: string,
  before: FieldChange['before'],
  after: FieldChange['after'],
) {
  const path = `/${field.replaceAll('.', '/')}`
  return {
    preconditions: [uidIs(object), ...(before === null ? [] : [{ field, is: before }])],
    changes: [{ path, before, after }],
    // `add` on an object member replaces it where it is there.
    patch: [{ op: 'add' as const, path, value: after }],
  }
}

function maximumChange({ autoscalers }: Context, step: ResolvedStep): StepChanges {
  const autoscaler = autoscalers.find(({ metadata }) => metadata?.uid === step.with['uid'])
  if (!autoscaler) throw new Error(`autoscaler ${String(step.with['autoscaler'])}: expected it to be there still`)
  return valueChange(
    autoscaler,
    'spec.maxReplicas',
    autoscaler.spec?.maxReplicas ?? null,
    step.with['maxReplicas'] ?? null,
  )
}

function sizeChange(claim: PersistentVolumeClaim, step: ResolvedStep): StepChanges {
  const before = claim.spec?.resources?.requests?.['storage'] ?? null
  return valueChange(claim, 'spec.resources.requests.storage', before, step.with['size'] ?? null)
}

/** A yes-or-no field; absent reads as false. */
function flagChange(object: KubernetesObject, field: string, before: boolean | undefined, after: boolean): StepChanges {
  const { changes, patch } = valueChange(object, field, before ?? false, after)
  return { preconditions: [uidIs(object)], changes, patch }
}

function taintChange(node: Node, isTainted: boolean): StepChanges {
  const taint = (isThere: boolean) => (isThere ? UNHEALTHY_TAINT : null)
  return {
    preconditions: [uidIs(node)],
    changes: [{ path: '/spec/taints', before: taint(!isTainted), after: taint(isTainted) }],
  }
}

/** The limits of one running pod; the template stays as it is. */
function limitChanges(context: Context, step: ResolvedStep): StepChanges {
  const pod = context.pods.find(({ metadata }) => metadata?.uid === step.with['uid'])
  if (!pod) throw new Error(`pod ${String(step.with['pod'])}: expected it to be there still`)
  const index = pod.spec?.containers.findIndex(({ name }) => name === step.with['container']) ?? -1
  const limits = pod.spec?.containers[index]?.resources?.limits ?? {}
  const changes = (['memory', 'cpu'] as const).flatMap((resource): FieldChange[] => {
    const after = step.with[`${resource}Limit`]
    if (after === undefined) return []
    return [{ path: `/spec/containers/${index}/resources/limits/${resource}`, before: limits[resource] ?? null, after }]
  })
  // Through the main door the server takes no such change, so that it is not asked for a dry run.
  return { preconditions: [uidIs(pod)], changes }
}

/** What one step will change on the target as it was read, in short form, and what must still be so then. */
export function changesOf(context: Context, facts: Facts, step: ResolvedStep): StepChanges {
  const { target } = context
  if (!target || step.action.isPassive) return { preconditions: [], changes: [] }
  const workload = rolloutWorkload(context) ?? target
  switch (step.action.name) {
    case 'rollback@1':
      return rollbackChanges(context, workload, revisionOf(context, step.with['toRevision']))
    case 'set-resources@1':
      return resourceChanges(context, workload, step)
    case 'scale@1':
      return replicaChanges(workload, facts.target.wanted, step)
    case 'evict-pod@1':
    case 'delete-pod@1':
      return {
        preconditions: [{ field: 'metadata.uid', is: String(step.with['uid']) }],
        changes: [{ path: '/', before: String(step.with['pod']), after: null }],
      }
    case 'set-autoscaler-maximum@1':
      return maximumChange(context, step)
    case 'expand-volume@1':
      return sizeChange(target, step)
    case 'resize-pod@1':
      return limitChanges(context, step)
    case 'rerun-job@1':
      return { preconditions: [{ field: 'metadata.uid', is: String(step.with['uid']) }], changes: [] }
    case 'delete-finished-pods@1':
      return { preconditions: [uidIs(target)], changes: [] }
    case 'drain@1':
    case 'cordon@1':
    case 'uncordon@1':
      return flagChange(
        target,
        'spec.unschedulable',
        (target as Node).spec?.unschedulable,
        step.action.name !== 'uncordon@1',
      )
    case 'taint@1':
    case 'untaint@1':
      return taintChange(target, step.action.name === 'taint@1')
    case 'pause-rollout@1':
    case 'resume-rollout@1':
      return flagChange(
        workload,
        'spec.paused',
        (workload as Deployment).spec?.paused,
        step.action.name === 'pause-rollout@1',
      )
    default:
      return { preconditions: onTemplate(workload, templateOf(context)), changes: [] }
  }
}
