import {
  RESOURCES,
  type DaemonSet,
  type Deployment,
  type KubernetesObject,
  type Resource,
  type ResourceName,
  type StatefulSet,
} from '@kubewise/kube'
import type { Fault, ObjectStore } from '../../port.ts'
import { FAULTS, isFaultName, type FaultName } from './catalogue.ts'

export type Workload = Deployment | StatefulSet | DaemonSet

/** A fault that can be injected as it is written. */
export interface Injection {
  name: FaultName
  namespace: string
  kind: string
  target: string
  resource: Resource
}

/** @throws RangeError that says what was expected */
export function parseFault(fault: Fault): Injection {
  const { name, namespace } = fault
  if (!isFaultName(name))
    throw new RangeError(
      `fault: expected one of ${FAULTS.map((one) => one.name).join(', ')}, got ${JSON.stringify(name)}`,
    )
  const [kind = '', target = '', ...rest] = fault.target.split('/')
  const kinds: readonly string[] = FAULTS.find((one) => one.name === name)?.targets ?? []
  if (!kinds.includes(kind) || target === '' || rest.length > 0)
    throw new RangeError(
      `target of ${name}: expected Kind/name with a kind of ${kinds.join(', ')}, got ${JSON.stringify(fault.target)}`,
    )
  return { name, namespace, kind, target, resource: RESOURCES[kind as ResourceName] }
}

/** @throws RangeError if it does not exist */
export function findTarget(objects: ObjectStore, { name, namespace, target, resource }: Injection): KubernetesObject {
  const found = objects.get(resource, resource.isNamespaced ? namespace : undefined, target)
  if (!found) throw new RangeError(`target of ${name}: there is no ${resource.kind} ${target} in ${namespace}`)
  return found
}
