import type { KubernetesObject, LabelSelector } from '@kubewise/kube'
import { withManagedFields } from '../../objects/managed-fields.ts'
import type { JsonObject } from '../../objects/json.ts'
import { fieldErrors, invalidObject } from '../validation/field-errors.ts'
import type { Answer, ApiContext, ApiRequest } from '../http/api-request.ts'
import { writeOptions } from '../http/write-options.ts'
import { VERBS, type ApiResource } from '../resources.ts'
import { decodeObject } from '../write/decode-object.ts'
import { updateObject } from '../write/update-object.ts'
import { badRequest, conflict } from '../../objects/api-status.ts'
import { patched } from './patch.ts'
import { mustGet } from './read.ts'
import { writeContext } from './write.ts'

type Scalable = KubernetesObject & {
  spec?: { replicas?: number; selector?: LabelSelector }
  status?: { replicas?: number }
}

interface Scale extends KubernetesObject {
  spec?: { replicas?: number }
  status?: { replicas?: number; selector?: string }
}

const SCALE: ApiResource = {
  kind: 'Scale',
  group: 'autoscaling',
  version: 'v1',
  plural: 'scales',
  isNamespaced: true,
  singular: 'scale',
  shortNames: [],
  categories: [],
  verbs: VERBS,
  subresources: [],
  isCreatedByUpdate: false,
}

function selectorText({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const labels = Object.entries(matchLabels).map(([key, value]) => ({ key, text: `${key}=${value}` }))
  const others = matchExpressions.map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return { key, text: key }
    if (operator === 'DoesNotExist') return { key, text: `!${key}` }
    return { key, text: `${key} ${operator.toLowerCase()} (${[...values].sort().join(',')})` }
  })
  return [...labels, ...others]
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ text }) => text)
    .join(',')
}

/** How many replicas a workload wants and has, in the form that is the same for all of them. */
function scaleOf(object: Scalable): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata ?? {}
  const metadata = { name, namespace, uid, resourceVersion, creationTimestamp }
  const selector = selectorText(object.spec?.selector ?? {})
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== undefined)),
    spec: replicasOf(object.spec?.replicas ?? 0),
    status: { replicas: object.status?.replicas ?? 0, ...(selector === '' ? {} : { selector }) },
  }
}

/** Go leaves a zero out here. */
function replicasOf(replicas: number): { replicas?: number } {
  return replicas === 0 ? {} : { replicas }
}

export function getScale(request: ApiRequest, context: ApiContext): Answer {
  return { status: 200, body: scaleOf(mustGet(request, context)) }
}

function assertScale(request: ApiRequest, current: Scalable, scale: Scale): void {
  const { name, uid, resourceVersion } = scale.metadata ?? {}
  if (name !== request.name)
    throw badRequest(`the name of the object (${name ?? ''}) does not match the name on the URL (${request.name})`)
  const has = current.metadata ?? {}
  if (uid !== undefined && uid !== has.uid) {
    throw conflict(
      request.target,
      name ?? '',
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${has.uid}`,
    )
  }
  const errors = fieldErrors()
  const { replicas = 0 } = scale.spec ?? {}
  if (replicas < 0) errors.invalid('spec.replicas', replicas, 'must be greater than or equal to 0')
  if (errors.causes.length > 0) throw invalidObject(SCALE, name ?? '', errors.causes)
  if (resourceVersion !== undefined && resourceVersion !== '' && resourceVersion !== has.resourceVersion) {
    const why = 'the object has been modified; please apply your changes to the latest version and try again'
    throw conflict(request.target, name ?? '', why)
  }
}

/** A Scale of zero does not show its replicas, so to the server nobody manages them any more. */
function withoutOwnerOfReplicas(request: ApiRequest, { clock }: ApiContext, next: Scalable, manager: string): Scalable {
  const { replicas: _, ...hidden } = next.spec ?? {}
  const current = { ...next, spec: { ...next.spec, replicas: 1 } }
  const writer = { manager, subresource: 'scale' }
  const { metadata = {} } = withManagedFields(request.target, current, { ...next, spec: hidden }, writer, clock.now())
  return { ...next, metadata }
}

function store(request: ApiRequest, context: ApiContext, scale: Scale, manager: string, isDryRun: boolean): Scale {
  const current: Scalable = mustGet(request, context)
  assertScale(request, current, scale)
  const next = structuredClone(current)
  const replicas = scale.spec?.replicas ?? 0
  next.spec = { ...next.spec, replicas }
  const updated = updateObject(
    {
      target: request.target,
      current,
      next: replicas === 0 ? withoutOwnerOfReplicas(request, context, next, manager) : next,
      subresource: 'scale',
      user: request.user,
      ...(replicas === 0 ? {} : { writer: { manager, subresource: 'scale' } }),
      isDryRun,
    },
    writeContext(context),
  )
  return scaleOf(updated)
}

export function updateScale(request: ApiRequest, context: ApiContext): Answer {
  const { manager, isDryRun, fieldValidation } = writeOptions(request, 'UpdateOptions')
  const { object, warnings } = decodeObject(SCALE, request.body, fieldValidation)
  return { status: 200, body: store(request, context, object, manager, isDryRun), warnings }
}

/** A patch of the Scale; one that is applied counts as a merge, with the field taken by force or not at all. */
export function patchScale(request: ApiRequest, context: ApiContext): Answer {
  const options = writeOptions(request, 'PatchOptions')
  const isApply = request.contentType === 'application/apply-patch+yaml'
  const form = isApply ? { ...request, contentType: 'application/merge-patch+json' } : request
  const current = scaleOf(mustGet(request, context))
  const { value, warnings } = patched(current, { ...form, target: SCALE }, options)
  const scale = { ...(value as JsonObject) } as Scale
  return { status: 200, body: store(request, context, scale, options.manager, options.isDryRun), warnings }
}
