import { COLLECTIONS, keyOf, type Entity } from '@kubewise/contracts'
import { RESOURCES, type Kube, type Observer, type Reflector, type RolloutWorkload } from '@kubewise/kube'
import { every, type Kit } from '@kubewise/service'
import type { Store } from '@kubewise/store'
import { createCoalescingQueue } from '../coalescing-queue.ts'
import { recordOf, settled, sightingOf, watch, type Watched } from './watched.ts'

/** Remembers which revisions of all workloads were healthy, since the cluster forgets it with the pods. */
export interface RevisionMemory {
  start(): void
  stop(): Promise<void>
}

export interface MemoryPorts extends Pick<Kit, 'clock' | 'log'> {
  kube: Pick<Kube, 'reflect'>
  store: Store
}

const KINDS = ['Deployment', 'StatefulSet', 'DaemonSet'] as const
const LOOK_EVERY_MS = 2_500
const WRITES_AT_ONCE = 4
const MOST_ROUNDS = 10

/** Writes what was noted by compare-and-set. @returns false where others were faster every time */
async function record(store: Store, key: string, watched: Watched): Promise<boolean> {
  const revisions = store.collection(COLLECTIONS.revisions)
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const before = await revisions.get(key)
    const after = recordOf(key, before, watched)
    if (after === before) return true
    const isWritten = before
      ? (await revisions.replace({ ...after, version: before.version })) === 'replaced'
      : (await revisions.insert(after)) === 'inserted'
    if (isWritten) return true
  }
  return false
}

export function createRevisionMemory({ kube, store, clock, log }: MemoryPorts, cluster: string): RevisionMemory {
  const all = new Map<string, Watched>()
  const stopping = new AbortController()
  const writes = createCoalescingQueue(() => WRITES_AT_ONCE, write)
  const unwritten = new Set<string>()
  let reflectors: readonly Reflector[] = []
  let loop: Promise<void> | undefined

  async function write(key: string): Promise<void> {
    const entry = all.get(key)
    unwritten.delete(key)
    if (!entry) return
    try {
      if (!(await record(store, key, entry))) throw new Error(`others were faster ${MOST_ROUNDS} times`)
    } catch (error) {
      log.warn({ err: error, target: key }, 'health of a revision not recorded, trying again')
      unwritten.add(key)
      return
    }
    const now = all.get(key)
    const written = new Set(entry.unrecorded)
    if (now) all.set(key, { ...now, unrecorded: now.unrecorded.filter((each) => !written.has(each)) })
  }

  function note(workload: RolloutWorkload): void {
    const sighting = sightingOf(cluster, workload)
    if (!sighting) return
    const key = keyOf(sighting.target)
    const before = all.get(key)
    const after = watch(before, sighting, clock.now())
    all.set(key, after)
    const isNew = before?.sighting.target.uid !== sighting.target.uid
    if (isNew || after.unrecorded.length > 0) writes.add(key)
  }

  function look(): void {
    for (const [key, entry] of all) {
      const after = settled(entry, clock.now())
      if (after !== entry) all.set(key, after)
      if (after.unrecorded.length > 0 || unwritten.has(key)) writes.add(key)
    }
  }

  function observer(kind: Entity['kind']): Observer<RolloutWorkload> {
    const keyFor = ({ metadata }: RolloutWorkload) =>
      keyOf({ cluster, kind, namespace: metadata?.namespace ?? '', name: metadata?.name ?? '' })
    return {
      onReplace(items) {
        const present = new Set(items.map(keyFor))
        for (const [key, { sighting }] of all) if (sighting.target.kind === kind && !present.has(key)) all.delete(key)
        items.forEach(note)
      },
      onUpsert: note,
      onDelete: (workload) => void all.delete(keyFor(workload)),
      onError: (error) => log.warn({ err: error, kind }, 'watch of workloads interrupted'),
    }
  }

  return {
    start() {
      reflectors = KINDS.map((kind) => kube.reflect<RolloutWorkload>(RESOURCES[kind], {}, observer(kind)))
      const onError = (error: unknown) => log.error({ err: error }, 'health of revisions not looked at')
      loop = every(clock, LOOK_EVERY_MS, stopping.signal, look, onError)
    },
    async stop() {
      stopping.abort()
      await Promise.all(reflectors.map((reflector) => reflector.stop()))
      await loop
      await writes.idle()
    },
  }
}
