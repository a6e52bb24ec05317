import type { ObjectChange } from '../../port.ts'
import type { Etcd } from '../../objects/object-store.ts'

/** The changes of late, so that a watch can go on where it broke off. */
export interface ChangeHistory {
  /** Changes after a resource version; undefined where some of them are forgotten. */
  since(resourceVersion: number): readonly ObjectChange[] | undefined
  subscribe(listener: (change: ObjectChange) => void): () => void
  /** Forgets all changes up to now, as the etcd of a real cluster does every five minutes. */
  compact(): void
  stop(): void
}

const LONGEST = 5000

function versionOf(change: ObjectChange): number {
  return Number(change.object.metadata?.resourceVersion ?? 0)
}

export function createChangeHistory(etcd: Etcd, longest: number = LONGEST): ChangeHistory {
  let changes: ObjectChange[] = []
  let compactedAt = Number(etcd.resourceVersion())
  const stop = etcd.subscribe((change) => {
    changes.push(change)
    if (changes.length < longest * 2) return
    const dropped = changes.slice(0, -longest)
    compactedAt = versionOf(dropped[dropped.length - 1] as ObjectChange)
    changes = changes.slice(-longest)
  })
  return {
    since(resourceVersion) {
      if (resourceVersion < compactedAt || resourceVersion > Number(etcd.resourceVersion())) return undefined
      return changes.filter((change) => versionOf(change) > resourceVersion)
    },
    subscribe: (listener) => etcd.subscribe(listener),
    compact() {
      changes = []
      compactedAt = Number(etcd.resourceVersion())
    },
    stop,
  }
}
