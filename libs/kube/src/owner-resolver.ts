import type { Clock } from '@kubewise/service'
import { isKubeError } from './errors.ts'
import type { KubernetesObject } from './objects.ts'
import { identityOf, topOwner, type ObjectIdentity, type Ownership } from './owners.ts'
import type { Kube } from './port.ts'
import { resourceOf } from './resources.ts'

export interface OwnerResolverOptions {
  clock: Clock
  /** How long a found object is believed; owners hardly ever change. */
  ttlMs?: number
  /** How long an absent or forbidden one is. */
  negativeTtlMs?: number
  maxEntries?: number
}

/** Finds top owners, asking the API server as little as possible. */
export interface OwnerResolver {
  /** @throws KubeError when the server cannot be asked; an owner that is gone or forbidden only makes it incomplete */
  ownershipOf(object: KubernetesObject): Promise<Ownership>
  /** The same for an object known by name, as in an Event or a metric's labels. @returns undefined when there is none */
  lookUp(identity: ObjectIdentity): Promise<Ownership | undefined>
  /** Takes in an object that was seen elsewhere, such as by a watch. */
  learn(object: KubernetesObject): void
  forget(object: KubernetesObject): void
}

/** Of an object only what owners need is kept. */
type Link = Pick<KubernetesObject, 'apiVersion' | 'kind' | 'metadata'>

interface Entry {
  link: Link | undefined
  untilMs: number
}

const MINUTE = 60_000

function keyOf({ apiVersion, kind, namespace = '', name }: ObjectIdentity): string {
  return `${apiVersion.split('/').at(-2) ?? ''}|${kind}|${namespace}|${name}`
}

function linkOf(object: KubernetesObject): Link {
  const { name, namespace, uid, ownerReferences } = object.metadata ?? {}
  return {
    ...(object.apiVersion === undefined ? {} : { apiVersion: object.apiVersion }),
    ...(object.kind === undefined ? {} : { kind: object.kind }),
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(ownerReferences === undefined ? {} : { ownerReferences }),
    },
  }
}

export function createOwnerResolver(kube: Pick<Kube, 'get'>, options: OwnerResolverOptions): OwnerResolver {
  const { clock, ttlMs = 10 * MINUTE, negativeTtlMs = 30_000, maxEntries = 50_000 } = options
  const entries = new Map<string, Entry>()
  const running = new Map<string, Promise<Link | undefined>>()

  function keep(key: string, link: Link | undefined): void {
    // Re-inserted at the end, so that the first key is the one that was learnt longest ago.
    entries.delete(key)
    entries.set(key, { link, untilMs: clock.monotonic() + (link === undefined ? negativeTtlMs : ttlMs) })
    if (entries.size > maxEntries) entries.delete(entries.keys().next().value ?? key)
  }

  function cached(key: string, uid: string | undefined): Entry | undefined {
    const entry = entries.get(key)
    if (entry === undefined || entry.untilMs <= clock.monotonic()) return undefined
    const isOther = uid !== undefined && entry.link !== undefined && entry.link.metadata?.uid !== uid
    return isOther ? undefined : entry
  }

  async function ask(identity: ObjectIdentity): Promise<Link | undefined> {
    const resource = resourceOf(identity)
    if (resource === undefined) return undefined
    try {
      const object = await kube.get(resource, identity)
      return object === undefined ? undefined : linkOf(object)
    } catch (error) {
      if (isKubeError(error, 'forbidden') || isKubeError(error, 'invalid')) return undefined
      throw error
    }
  }

  async function find(identity: ObjectIdentity): Promise<Link | undefined> {
    const key = keyOf(identity)
    const entry = cached(key, identity.uid)
    if (entry !== undefined) return entry.link
    const asked = running.get(key) ?? ask(identity).finally(() => running.delete(key))
    running.set(key, asked)
    const link = await asked
    keep(key, link)
    return link
  }

  return {
    ownershipOf: (object) => topOwner(object, find),
    async lookUp(identity) {
      const link = await find(identity)
      return link === undefined ? undefined : topOwner(link, find)
    },
    learn: (object) => keep(keyOf(identityOf(object)), linkOf(object)),
    forget: (object) => void entries.delete(keyOf(identityOf(object))),
  }
}
