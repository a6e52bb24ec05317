import { MongoClient, type ReadConcernLevel } from 'mongodb'
import type { Clock, Logger } from '@kubewise/service'
import type { CollectionDriver, StoreDriver } from '../driver.ts'
import { StoreError } from '../errors.ts'
import { hideCredentials, type StoreTarget } from '../target.ts'
import { attempt } from './attempt.ts'
import { mongoCollection } from './collection.ts'
import { probe, WRITE_CONCERN, type Given } from './concern.ts'
import type { MongoDocument } from './filter.ts'

export interface MongoDependencies {
  clock: Clock
  log: Pick<Logger, 'warn'>
  /** Ends the opening; what is open stays so until it is closed. */
  signal?: AbortSignal
}

type MongoTarget = Extract<StoreTarget, { kind: 'mongo' }>

const SELECTION_MS = 5000
const SILENCE_MS = 10_000

function createClient({ uri, maxPoolSize = 10, minPoolSize = 0 }: MongoTarget): MongoClient {
  try {
    return new MongoClient(uri, {
      appName: 'kubewise',
      serverSelectionTimeoutMS: SELECTION_MS,
      connectTimeoutMS: SELECTION_MS,
      waitQueueTimeoutMS: SELECTION_MS,
      socketTimeoutMS: SILENCE_MS,
      maxPoolSize,
      minPoolSize,
      retryReads: false,
      retryWrites: false,
    })
  } catch (error) {
    const say = hideCredentials(error instanceof Error ? error.message : String(error))
    throw new StoreError('refused', `mongodb: the address cannot be used: ${say}`, { cause: error })
  }
}

/** @throws StoreError `unreachable` within about 5 s if there is no server; whoever opens the store may try again */
export async function openMongo(target: MongoTarget, { clock, log, signal }: MongoDependencies): Promise<StoreDriver> {
  const client = createClient(target)
  const db = client.db(target.database, { writeConcern: WRITE_CONCERN })
  const collections = new Map<string, CollectionDriver>()

  async function open(): Promise<Given> {
    try {
      return await attempt({ what: 'mongodb: connecting', isWrite: false }, clock, () => probe(db, signal))
    } catch (error) {
      await client.close()
      throw error
    }
  }

  const { readLevel, isOneStep, differences } = await open()
  if (differences.length > 0)
    log.warn({ database: target.database, differences }, 'the record gives less than was asked')
  const connected = { db, isOneStep, clock, log }
  const concerns = {
    readConcern: { level: readLevel as ReadConcernLevel },
    readPreference: 'primary',
    writeConcern: WRITE_CONCERN,
  } as const

  return {
    collection(layout) {
      const key = JSON.stringify(layout)
      const known = collections.get(key)
      const collection =
        known ?? mongoCollection(connected, db.collection<MongoDocument>(layout.name, concerns), layout)
      collections.set(key, collection)
      return collection
    },
    ping: async () =>
      void (await attempt({ what: 'mongodb: ping', isWrite: false }, clock, () => db.command({ ping: 1 }))),
    close: () => client.close(),
  }
}
