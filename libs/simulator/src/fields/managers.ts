import type { ManagedFieldsEntry } from '@kubewise/kube'
import { EMPTY, fromFieldsV1, isEmpty, toFieldsV1, type FieldSet } from './field-set.ts'

/** Who manages which fields, by which way. */
export interface Manager {
  manager: string
  operation: 'Update' | 'Apply'
  apiVersion: string
  subresource: string
  time: string
  fields: FieldSet
}

export type ManagerIdentity = Omit<Manager, 'fields' | 'time'>

export function isManager(manager: Manager, identity: ManagerIdentity): boolean {
  return (
    manager.manager === identity.manager &&
    manager.operation === identity.operation &&
    manager.subresource === identity.subresource &&
    (manager.operation === 'Apply' || manager.apiVersion === identity.apiVersion)
  )
}

export function fieldsOf(managers: readonly Manager[], identity: ManagerIdentity): FieldSet {
  return managers.find((manager) => isManager(manager, identity))?.fields ?? EMPTY
}

export function decodeManagers(entries: readonly ManagedFieldsEntry[] | undefined): Manager[] {
  return (entries ?? []).map((entry) => ({
    manager: entry.manager ?? 'unknown',
    operation: entry.operation === 'Apply' ? 'Apply' : 'Update',
    apiVersion: entry.apiVersion ?? '',
    subresource: entry.subresource ?? '',
    time: entry.time ?? '',
    fields: fromFieldsV1(entry.fieldsV1),
  }))
}

/** Appliers first, then by time, as the server sorts them; managers of nothing are dropped. */
export function encodeManagers(managers: readonly Manager[]): ManagedFieldsEntry[] {
  const order = ({ operation, time, manager, apiVersion, subresource }: Manager) =>
    [operation, time, manager, apiVersion, subresource].join('\n')
  const sorted = managers.filter((manager) => !isEmpty(manager.fields)).sort((a, b) => (order(a) < order(b) ? -1 : 1))
  return sorted.map(({ manager, operation, apiVersion, subresource, time, fields }) => ({
    manager,
    operation,
    apiVersion,
    ...(time === '' ? {} : { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: toFieldsV1(fields),
    ...(subresource === '' ? {} : { subresource }),
  }))
}
