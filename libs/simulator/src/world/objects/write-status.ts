import type { KubernetesObject, Resource } from '@kubewise/kube'
import { isSameJson } from '../../objects/json.ts'
import type { ObjectStore } from '../../port.ts'

type WithStatus = KubernetesObject & { status?: object }

/** Writes a status if it differs from the stored one. An object that is gone needs none. */
export function writeStatus<T extends WithStatus>(
  objects: ObjectStore,
  resource: Resource,
  object: T,
  manager: string,
  status: NonNullable<T['status']>,
): void {
  const { namespace, name = '' } = object.metadata ?? {}
  const current = objects.get<T>(resource, namespace, name)
  if (!current || current.metadata?.uid !== object.metadata?.uid || isSameJson(current.status, status)) return
  objects.update<T>(resource, namespace, name, manager, (found) => ({ ...found, status }))
}
