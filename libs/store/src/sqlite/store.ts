import type { Clock } from '@kubewise/service'
import type { CollectionDriver, StoreDriver } from '../driver.ts'
import { sqliteCollection } from './collection.ts'
import { openConnection } from './connection.ts'

/** The record as one file: the embedded default. Durable with each write: a write-ahead log, synchronised. */
export async function openSqlite(file: string, clock: Clock): Promise<StoreDriver> {
  const connection = await openConnection(file, clock)
  const collections = new Map<string, CollectionDriver>()
  return {
    collection(layout) {
      const key = JSON.stringify(layout)
      const collection = collections.get(key) ?? sqliteCollection(connection, layout)
      collections.set(key, collection)
      return collection
    },
    ping: () => connection.check(),
    close: async () => connection.close(),
  }
}
