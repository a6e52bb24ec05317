import type { Clock, Logger } from '@kubewise/service'
import { openMongo } from './mongo/store.ts'
import type { Store } from './port.ts'
import { openSqlite } from './sqlite/store.ts'
import { createStore } from './store.ts'
import type { StoreTarget } from './target.ts'

export interface StoreDependencies {
  clock: Clock
  log: Pick<Logger, 'warn' | 'error'>
  /** Ends the opening; an open store stays open until it is closed, so that a stop can still write. */
  signal?: AbortSignal
}

/**
 * Opens the record.
 *
 * @throws StoreError `unreachable` within about 5 s if there is no server or the file cannot be written; a service that
 *   can wait tries again. Once open, the store recovers by itself when its server comes back. `corrupt` or `refused`
 *   if what is there is no record
 */
export async function openStore(target: StoreTarget, dependencies: StoreDependencies): Promise<Store> {
  dependencies.signal?.throwIfAborted()
  const driver =
    target.kind === 'sqlite' ? await openSqlite(target.file, dependencies.clock) : await openMongo(target, dependencies)
  return createStore(driver, dependencies.log)
}
