import { apiVersionOf, type KubernetesObject } from '@kubewise/kube'
import { ApiStatus, conflict, staleWrite } from '../../objects/api-status.ts'
import { withManagedFields } from '../../objects/managed-fields.ts'
import type { Writer } from '../../objects/object-store.ts'
import { complete } from '../../schema/complete.ts'
import { typeOfKind } from '../../schema/schema.ts'
import type { User } from '../access/user.ts'
import type { AdmissionRequest } from '../admission/admission.ts'
import { admit, checkAdmission } from '../admission/chain.ts'
import { storedAs, storedForm } from '../event-forms.ts'
import type { ApiResource } from '../resources.ts'
import { fieldErrors, invalidObject } from '../validation/field-errors.ts'
import { validateUpdate } from '../validation/validate.ts'
import type { WriteContext } from './create-object.ts'
import { prepareForUpdate } from './prepare.ts'

export interface UpdateRequest {
  target: ApiResource
  /** As stored and shown by the target. */
  current: KubernetesObject
  /** Decoded and with defaults; this function's to change. */
  next: KubernetesObject
  subresource?: string
  user: User
  /** Absent where the managed fields are settled already, by server-side apply. */
  writer?: Writer
  isDryRun: boolean
  /** PUT: the uid in the object, if any, is a precondition; in a patch it is a change. */
  isWhole?: boolean
}

/** Kinds that are updated only by who says which version was read. */
const NEEDS_VERSION = new Set([
  'Lease',
  'PodDisruptionBudget',
  'MutatingWebhookConfiguration',
  'ValidatingWebhookConfiguration',
])

function assertFresh(request: UpdateRequest): void {
  const { target, current, next } = request
  const name = current.metadata?.name ?? ''
  const { uid, resourceVersion } = next.metadata ?? {}
  const { uid: hasUid, resourceVersion: hasVersion } = current.metadata ?? {}
  if (request.isWhole && uid !== undefined && uid !== '' && uid !== hasUid) {
    const key = `/registry/${target.plural}/${[current.metadata?.namespace, name].filter((part) => part !== undefined).join('/')}`
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${hasUid}`
    throw conflict(
      target,
      name,
      `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${why}`,
    )
  }
  if (resourceVersion === undefined || resourceVersion === '') {
    if (!NEEDS_VERSION.has(target.kind)) return
    const errors = fieldErrors()
    errors.invalid('metadata.resourceVersion', 0, 'must be specified for an update')
    throw invalidObject({ group: target.group, kind: target.plural }, name, errors.causes)
  }
  if (!/^\d+$/.test(resourceVersion)) {
    throw new ApiStatus(500, undefined, `strconv.ParseUint: parsing ${JSON.stringify(resourceVersion)}: invalid syntax`)
  }
  if (resourceVersion !== hasVersion) throw staleWrite(target, name)
}

/** Identity and the marks of a deletion are the server's. */
function keepSystemFields(before: KubernetesObject, after: KubernetesObject): void {
  const { uid, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds, generation, resourceVersion } =
    before.metadata ?? {}
  const kept = { creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds, generation, resourceVersion }
  const metadata = { ...after.metadata, uid: after.metadata?.uid || uid, ...kept }
  after.metadata = Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== undefined))
}

/**
 * The whole way of a changed object: managed fields, admission, freshness, the kind's own preparation, validation, storage.
 *
 * @returns the object as stored, or for a dry run as it would be
 * @throws ApiStatus where anything on the way refuses it
 */
export function updateObject(request: UpdateRequest, { etcd, random, nowMs }: WriteContext): KubernetesObject {
  const { target, current, subresource, user, writer, isDryRun } = request
  const next = writer === undefined ? request.next : withManagedFields(target, current, request.next, writer, nowMs)
  const { namespace, name = '' } = current.metadata ?? {}
  const admission: AdmissionRequest = {
    operation: 'UPDATE',
    resource: target,
    namespace,
    name,
    object: next,
    before: current,
    user,
    isDryRun,
    ...(subresource === undefined ? {} : { subresource }),
  }
  admit(admission, { objects: etcd, random })
  assertFresh({ ...request, next })
  prepareForUpdate(target, current, next, subresource)
  keepSystemFields(current, next)
  complete(next, typeOfKind(apiVersionOf(target), target.kind))
  validateUpdate(target, current, next, subresource)
  checkAdmission(admission, { objects: etcd, random })
  const stored = etcd.get(storedAs(target), namespace, name) ?? current
  const prepared = etcd.prepareUpdate(storedAs(target), stored, storedForm(target, next))
  return isDryRun ? prepared : etcd.replace(storedAs(target), prepared)
}
