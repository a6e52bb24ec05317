import type { KubernetesObject, Resource } from '@kubewise/kube'
import type { ObjectStore } from '../../port.ts'
import type { User } from '../access/user.ts'

/** A write on its way to the store. */
export interface AdmissionRequest {
  operation: 'CREATE' | 'UPDATE' | 'DELETE'
  resource: Resource
  subresource?: string
  namespace: string | undefined
  name: string
  /** Absent for DELETE. */
  object?: KubernetesObject
  /** Absent for CREATE. */
  before?: KubernetesObject
  user: User
  isDryRun: boolean
}

export interface AdmissionContext {
  objects: ObjectStore
  random: () => number
}

/** Changes the object of a request in place, which is not stored yet, or refuses by throwing an ApiStatus. */
export type Mutate = (request: AdmissionRequest, context: AdmissionContext) => void

/** Refuses by throwing an ApiStatus. */
export type Check = (request: AdmissionRequest, context: AdmissionContext) => void
