import type { KubernetesObject, OwnerReference } from './objects.ts'

/** An object named so that it can be recognised: a kind with its group, a place, and the uid where it is known. */
export interface ObjectIdentity {
  apiVersion: string
  kind: string
  namespace?: string
  name: string
  uid?: string
}

export interface Ownership {
  /** What everything after detection is about. */
  top: ObjectIdentity
  /** From the object itself to the top, both included. */
  chain: ObjectIdentity[]
  /** A pod that no controller would bring back. Static pods, which belong to a node, count as bare. */
  isBare: boolean
  /** False when a link could not be read (gone, forbidden, of an unknown kind), so that the top may have an owner still. */
  isComplete: boolean
}

/** Reads one owner; undefined when it is gone, cannot be read, or is of a kind that cannot be asked for. */
export type GetOwner = (owner: ObjectIdentity) => KubernetesObject | undefined | Promise<KubernetesObject | undefined>

const LONGEST_CHAIN = 8

/** Kinds that a chain ends at: whoever owns them (an operator) owns a workload, and is not one. */
const TOP_WORKLOADS: ReadonlySet<string> = new Set([
  'apps/Deployment',
  'apps/StatefulSet',
  'apps/DaemonSet',
  'batch/CronJob',
])

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/')
  return slash === -1 ? '' : apiVersion.slice(0, slash)
}

export function identityOf(object: KubernetesObject): ObjectIdentity {
  const { name = '', namespace, uid } = object.metadata ?? {}
  return {
    apiVersion: object.apiVersion ?? 'v1',
    kind: object.kind ?? '',
    ...(namespace === undefined ? {} : { namespace }),
    name,
    ...(uid === undefined ? {} : { uid }),
  }
}

/** The one owner that controls an object. A node "controls" its static pods, but would not bring back a changed one. */
export function controllerOf(object: KubernetesObject): OwnerReference | undefined {
  const controller = object.metadata?.ownerReferences?.find((reference) => reference.controller === true)
  return controller?.kind === 'Node' && controller.apiVersion === 'v1' ? undefined : controller
}

function isTop(identity: ObjectIdentity): boolean {
  return TOP_WORKLOADS.has(`${groupOf(identity.apiVersion)}/${identity.kind}`)
}

function ownerIdentity(reference: OwnerReference, child: ObjectIdentity): ObjectIdentity {
  const { apiVersion, kind, name, uid } = reference
  return child.namespace === undefined
    ? { apiVersion, kind, name, uid }
    : { apiVersion, kind, namespace: child.namespace, name, uid }
}

/** An object of the same name but another uid came later and is not the owner. */
function isSame(identity: ObjectIdentity, object: KubernetesObject): boolean {
  return identity.uid === undefined || object.metadata?.uid === undefined || object.metadata.uid === identity.uid
}

/**
 * Follows controllers upwards: Pod → ReplicaSet → Deployment, Job → CronJob, anything → the custom resource that
 * controls it. Ends at a workload, at an object without a controller, at one that cannot be read, after 8 links, or
 * where the chain meets itself.
 *
 * @throws what `get` throws
 */
export async function topOwner(object: KubernetesObject, get: GetOwner): Promise<Ownership> {
  const start = identityOf(object)
  const chain = [start]
  const seen = new Set([start.uid])
  let current: KubernetesObject | undefined = object
  let top = start
  while (current !== undefined && !isTop(top)) {
    const controller = controllerOf(current)
    if (controller === undefined) break
    const owner = ownerIdentity(controller, top)
    if (seen.has(owner.uid) || chain.length > LONGEST_CHAIN) return { top, chain, isBare: false, isComplete: false }
    seen.add(owner.uid)
    chain.push(owner)
    top = owner
    if (isTop(owner)) break
    const found: KubernetesObject | undefined = await get(owner)
    current = found !== undefined && isSame(owner, found) ? found : undefined
  }
  const isComplete = current !== undefined || isTop(top)
  return { top, chain, isBare: start.kind === 'Pod' && chain.length === 1, isComplete }
}
