import { apiVersionOf, type KubernetesObject, type ManagedFieldsEntry, type Resource } from '@kubewise/kube'
import { findApiResource } from '../api/resources.ts'
import { EMPTY, fieldSetOf, type FieldSet } from '../fields/field-set.ts'
import { decodeManagers, encodeManagers, type Manager } from '../fields/managers.ts'
import { trackUpdate } from '../fields/track-update.ts'
import { typeOfKind } from '../schema/schema.ts'
import { emptyObject } from '../schema/complete.ts'
import { isSameJson } from './json.ts'
import { ownAnnotations, timestamp } from './metadata.ts'
import type { Writer } from './object-store.ts'

const STATUS_ONLY = fieldSetOf(['status'])
const SPEC_ONLY = fieldSetOf(['spec'])

function hasStatusDoor(resource: Resource): boolean {
  return findApiResource(resource.group, resource.version, resource.plural)?.subresources.includes('status') ?? false
}

/** Fields that a write through the given door does not change. */
export function ignoredFields(resource: Resource, subresource: string | undefined): FieldSet {
  if (subresource === 'status') return SPEC_ONLY
  return hasStatusDoor(resource) ? STATUS_ONLY : EMPTY
}

function withoutManagedFields(object: KubernetesObject): KubernetesObject {
  const { managedFields: _, ...metadata } = object.metadata ?? {}
  return { ...object, metadata }
}

function isReset(entries: readonly ManagedFieldsEntry[]): boolean {
  return entries.length === 0 || (entries.length === 1 && Object.keys(entries[0] ?? {}).length === 0)
}

/** Whose fields are whose before the write; a writer may say so itself, or wipe it all by an empty list. */
function managersBefore(before: KubernetesObject, after: KubernetesObject): Manager[] {
  const entries = after.metadata?.managedFields
  if (entries !== undefined && isReset(entries)) return []
  return decodeManagers(entries ?? before.metadata?.managedFields)
}

/** A controller that writes to the store does not name its door: where only the status differs, it was that of the status. */
function doorOf(resource: Resource, before: KubernetesObject, after: KubernetesObject): string {
  if (!hasStatusDoor(resource)) return ''
  const rest = (object: KubernetesObject) => {
    const { status: _, ...members } = object as KubernetesObject & { status?: unknown }
    return { ...members, metadata: { ...members.metadata, annotations: ownAnnotations(object) } }
  }
  return isSameJson(rest(before), rest(after)) ? 'status' : ''
}

/** `after`, with managedFields that tell who wrote what: the writer's changes since `before` (undefined: all of it). */
export function withManagedFields<T extends KubernetesObject>(
  resource: Resource,
  before: T | undefined,
  after: T,
  writer: Writer,
  nowMs: number,
): T {
  const apiVersion = apiVersionOf(resource)
  const type = typeOfKind(apiVersion, resource.kind)
  const plainBefore = withoutManagedFields(before ?? emptyObject(type))
  const plainAfter = withoutManagedFields(after)
  const subresource = writer.subresource ?? (before === undefined ? '' : doorOf(resource, plainBefore, plainAfter))
  const known = managersBefore(before ?? {}, after)
  // Who wrote what is not known any more: it stays so until somebody applies.
  if (before !== undefined && known.length === 0) return { ...after, metadata: plainAfter.metadata ?? {} }
  const managers = trackUpdate(known, {
    before: plainBefore,
    after: plainAfter,
    type,
    identity: { manager: writer.manager, operation: 'Update', apiVersion, subresource },
    ignored: subresource === '' ? ignoredFields(resource, undefined) : ignoredFields(resource, subresource),
    time: timestamp(nowMs),
  })
  const entries = encodeManagers(managers)
  return { ...after, metadata: { ...plainAfter.metadata, ...(entries.length === 0 ? {} : { managedFields: entries }) } }
}
