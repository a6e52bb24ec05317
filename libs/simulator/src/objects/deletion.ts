import { RESOURCES, type KubernetesObject, type Namespace, type Pod, type Resource } from '@kubewise/kube'
import type { Clock } from '@kubewise/service'
import { conflict, notFound } from './api-status.ts'
import { timestamp } from './metadata.ts'
import type { Etcd } from './object-store.ts'

export const ORPHAN = 'orphan'
export const FOREGROUND = 'foregroundDeletion'

export interface DeletionOptions {
  gracePeriodSeconds?: number
  propagationPolicy?: 'Orphan' | 'Background' | 'Foreground'
  preconditions?: { uid?: string; resourceVersion?: string }
  isDryRun?: boolean
}

export interface Deletion {
  /** The object as it is now, or as it was last. */
  object: KubernetesObject
  /** False while a grace period runs or a finalizer holds the object. */
  isGone: boolean
}

/** The conflict names the kind, not the plural: so does the real server here. */
function assertPreconditions(resource: Resource, object: KubernetesObject, options: DeletionOptions): void {
  const { uid, resourceVersion } = options.preconditions ?? {}
  const { name = '', uid: hasUid, resourceVersion: hasVersion } = object.metadata ?? {}
  const subject = { group: resource.group, plural: resource.kind }
  if (uid !== undefined && uid !== hasUid) {
    const why = `the UID in the precondition (${uid}) does not match the UID in record (${hasUid}). The object might have been deleted and then recreated`
    throw conflict(subject, name, why)
  }
  if (resourceVersion !== undefined && resourceVersion !== hasVersion) {
    const why = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${hasVersion}). The object might have been modified`
    throw conflict(subject, name, why)
  }
}

/** Only pods are given time to end. */
function hasGrace({ plural, group }: Resource): boolean {
  return plural === 'pods' && group === ''
}

/** Only those that run on a node need it. */
function graceFor(resource: Resource, object: KubernetesObject, options: DeletionOptions): number {
  if (!hasGrace(resource)) return 0
  const { spec, status } = object as Pod
  const hasEnded = status?.phase === 'Succeeded' || status?.phase === 'Failed'
  if (spec?.nodeName === undefined || spec.nodeName === '' || hasEnded) return 0
  const wanted = options.gracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 30
  return wanted < 0 ? 1 : wanted
}

function finalizersFor(object: KubernetesObject, options: DeletionOptions): string[] {
  const own = (object.metadata?.finalizers ?? []).filter((name) => name !== ORPHAN && name !== FOREGROUND)
  if (options.propagationPolicy === 'Orphan') return [...own, ORPHAN]
  return options.propagationPolicy === 'Foreground' ? [...own, FOREGROUND] : own
}

function leaving(resource: Resource, object: KubernetesObject, nowMs: number, grace: number, finalizers: string[]) {
  const isNamespace = resource.kind === 'Namespace' && resource.group === ''
  const metadata = {
    ...object.metadata,
    deletionTimestamp: object.metadata?.deletionTimestamp ?? timestamp(nowMs + grace * 1000),
    ...(isNamespace ? {} : { deletionGracePeriodSeconds: grace }),
    finalizers,
  }
  const status = isNamespace ? { status: { ...(object as Namespace).status, phase: 'Terminating' } } : {}
  return { ...structuredClone(object), ...status, metadata } as KubernetesObject
}

/** A deletion under way may only be hastened. */
function shortened(object: KubernetesObject, options: DeletionOptions, nowMs: number): KubernetesObject | undefined {
  const { deletionTimestamp, deletionGracePeriodSeconds: running = 0 } = object.metadata ?? {}
  const wanted = options.gracePeriodSeconds
  if (deletionTimestamp === undefined || wanted === undefined || wanted >= running) return undefined
  const dueMs = Date.parse(deletionTimestamp) + (wanted - running) * 1000
  const metadata = {
    ...object.metadata,
    deletionTimestamp: timestamp(Math.max(dueMs, nowMs)),
    deletionGracePeriodSeconds: dueMs < nowMs && wanted !== 0 ? 1 : wanted,
  }
  return { ...structuredClone(object), metadata }
}

/**
 * Deletes as the API server does: at once where nothing holds the object, else by marking it; a pod on a node gets its
 * grace period, which the kubelet ends.
 *
 * @throws ApiStatus 404, or 409 where a precondition fails
 */
export function deleteObject(
  etcd: Etcd,
  clock: Clock,
  resource: Resource,
  namespace: string | undefined,
  name: string,
  options: DeletionOptions = {},
): Deletion {
  const current = etcd.get(resource, namespace, name)
  if (current === undefined) throw notFound(resource, name)
  assertPreconditions(resource, current, options)
  const marked = markedForDeletion(resource, current, options, clock.now())
  if (marked === undefined) return { object: current, isGone: false }
  const prepared = etcd.prepareUpdate(resource, current, marked)
  const isGone = !isHeld(prepared)
  // Only what is given time is marked first; the rest goes as it was.
  const last = isGone && !hasGrace(resource) ? current : prepared
  if (options.isDryRun !== true) {
    if (last === prepared) return { object: etcd.replace(resource, prepared), isGone }
    etcd.remove(resource, namespace, name)
  }
  return { object: last, isGone }
}

function isHeld(object: KubernetesObject): boolean {
  const { finalizers = [], deletionGracePeriodSeconds = 0 } = object.metadata ?? {}
  return finalizers.length > 0 || deletionGracePeriodSeconds > 0 || object.kind === RESOURCES.Namespace.kind
}

/** @returns undefined where the deletion that is under way stays as it is */
function markedForDeletion(
  resource: Resource,
  current: KubernetesObject,
  options: DeletionOptions,
  nowMs: number,
): KubernetesObject | undefined {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = current.metadata ?? {}
  if (deletionTimestamp !== undefined && deletionGracePeriodSeconds > 0) return shortened(current, options, nowMs)
  const grace = graceFor(resource, current, options)
  return leaving(resource, current, nowMs, grace, finalizersFor(current, options))
}
