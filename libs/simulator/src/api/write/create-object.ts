import { alreadyExists } from '../../objects/api-status.ts'
import { withManagedFields } from '../../objects/managed-fields.ts'
import { withCreationMetadata } from '../../objects/metadata.ts'
import type { Etcd, Writer } from '../../objects/object-store.ts'
import { complete } from '../../schema/complete.ts'
import { apiVersionOf, type KubernetesObject } from '@kubewise/kube'
import { typeOfKind } from '../../schema/schema.ts'
import type { User } from '../access/user.ts'
import type { AdmissionRequest } from '../admission/admission.ts'
import { admit, checkAdmission } from '../admission/chain.ts'
import { storedAs, storedForm } from '../event-forms.ts'
import type { ApiResource } from '../resources.ts'
import { validateCreate } from '../validation/validate.ts'
import { prepareForCreate } from './prepare.ts'

export interface WriteContext {
  etcd: Etcd
  random: () => number
  nowMs: number
}

export interface CreateRequest {
  target: ApiResource
  /** Decoded and with defaults; this function's to change. */
  object: KubernetesObject
  user: User
  /** Absent where the managed fields are settled already, by server-side apply. */
  writer?: Writer
  isDryRun: boolean
}

/**
 * The whole way of a new object: managed fields, admission, the kind's own preparation, validation, storage.
 *
 * @returns the object as stored, or for a dry run as it would be
 * @throws ApiStatus where anything on the way refuses it
 */
export function createObject(request: CreateRequest, { etcd, random, nowMs }: WriteContext): KubernetesObject {
  const { target, user, isDryRun } = request
  const { writer } = request
  const managed =
    writer === undefined ? request.object : withManagedFields(target, undefined, request.object, writer, nowMs)
  const object = withCreationMetadata(target, managed, nowMs, random)
  const { namespace, name = '' } = object.metadata ?? {}
  const admission: AdmissionRequest = { operation: 'CREATE', resource: target, namespace, name, object, user, isDryRun }
  admit(admission, { objects: etcd, random })
  prepareForCreate(target, object, random)
  complete(object, typeOfKind(apiVersionOf(target), target.kind))
  validateCreate(target, object)
  checkAdmission(admission, { objects: etcd, random })
  const stored = storedForm(target, object)
  if (!isDryRun) return etcd.insert(storedAs(target), stored)
  if (etcd.get(storedAs(target), namespace, name) !== undefined) throw alreadyExists(target, name)
  return stored
}
