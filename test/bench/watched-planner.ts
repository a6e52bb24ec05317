/**
 * The planner as its `main.ts` makes it, in a process of its own, that tells its parent of each anomaly when an incident with
 * it is durable, and how much memory it has when it is asked.
 */
import { connectBus } from '@kubewise/bus'
import { COLLECTIONS, type Incident, type StoredDocument } from '@kubewise/contracts'
import { connectKube, guardKube } from '@kubewise/kube'
import { createPlanner, readConfig } from '@kubewise/planner'
import { circuitsBy, closing, recordLocation, run } from '@kubewise/service'
import { guardStore, openStore, type Collection, type Store } from '@kubewise/store'

/** What the parent is told: which anomalies became durable, and when; or the memory that is in use after a collection. */
export type Told = { seen: string[]; atMs: number } | { heapBytes: number; rssBytes: number }

const tell = (told: Told) => process.send?.(told)

process.on('message', () => {
  globalThis.gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  tell({ heapBytes: heapUsed + external, rssBytes: rss })
})

function watched(store: Store): Store {
  return {
    ...store,
    collection<T extends StoredDocument>(spec: Parameters<typeof store.collection<T>>[0]): Collection<T> {
      const real = store.collection(spec)
      if (spec.name !== COLLECTIONS.incidents.name) return real
      const look = (document: Partial<Incident>) =>
        tell({
          seen: (document.signals ?? []).map(({ anomaly }) => anomaly),
          atMs: performance.timeOrigin + performance.now(),
        })
      return {
        ...real,
        async insert(document) {
          const outcome = await real.insert(document)
          if (outcome === 'inserted') look(document)
          return outcome
        },
        async replace(document) {
          const outcome = await real.replace(document)
          if (outcome === 'replaced') look(document)
          return outcome
        },
      }
    },
  }
}

await run('planner', readConfig, async (kit, config) => {
  const circuits = circuitsBy(config, kit)
  const bus = await connectBus({ url: config.NATS_URL, name: 'planner', ...kit })
  const store = watched(await openStore(recordLocation(config), kit))
  const kube = await connectKube({ fieldManager: 'kubewise', ...kit })
  const guarded = { store: guardStore(store, circuits), kube: guardKube(kube, circuits) }
  return closing(createPlanner({ ...kit, bus, ...guarded }, config), bus, guarded.store)
})
