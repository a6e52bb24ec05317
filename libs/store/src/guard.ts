import type { CollectionSpec, StoredDocument } from '@kubewise/contracts'
import { BreakerOpenError, type Breaker, type MakeCircuits } from '@kubewise/service'
import { StoreError, type StoreErrorKind } from './errors.ts'
import type { Collection, Store } from './port.ts'

/** What a record that is ill answers. Full is none of them: it can still be read, and tells so by itself. */
const ILL: ReadonlySet<StoreErrorKind> = new Set(['unreachable', 'timeout', 'unknown-outcome'])

/** Does an error tell that the record is ill? What it refuses, or what is stored wrong, does not. */
const isIll = (error: unknown): boolean => error instanceof StoreError && ILL.has(error.kind)

async function through<T>(circuit: Breaker, call: () => Promise<T>): Promise<T> {
  try {
    return await circuit.run(call)
  } catch (error) {
    if (!(error instanceof BreakerOpenError)) throw error
    throw new StoreError('unreachable', error.message, { cause: error })
  }
}

/**
 * The same record behind two circuits, one for reads and one for writes. While one is open its calls throw StoreError
 * `unreachable`: nothing was written. Before them stand `ping`, which is asked for how the record really is, and urgent collections.
 */
export function guardStore(store: Store, makeCircuits: MakeCircuits): Store {
  const { reads, writes, stop } = makeCircuits('record', isIll)
  return {
    collection<T extends StoredDocument>(spec: CollectionSpec<T>): Collection<T> {
      const open = store.collection(spec)
      if (spec.isUrgent) return open
      return {
        insert: (document) => through(writes, () => open.insert(document)),
        get: (id) => through(reads, () => open.get(id)),
        replace: (document) => through(writes, () => open.replace(document)),
        find: (query) => through(reads, () => open.find(query)),
        count: (where) => through(reads, () => open.count(where)),
        delete: (id) => through(writes, () => open.delete(id)),
      }
    },
    expire: (nowMs) => through(writes, () => store.expire(nowMs)),
    ping: () => store.ping(),
    async close() {
      await store.close()
      stop()
    },
  }
}
