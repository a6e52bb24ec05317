import { randomUUID } from 'node:crypto'
import { BSON, type Collection, type Db, type Document, type IndexDescription } from 'mongodb'
import type { Clock, Logger } from '@kubewise/service'
import type { CollectionDriver, Index, Layout, StoredRow } from '../driver.ts'
import { StoreError } from '../errors.ts'
import type { JsonDocument } from '../document.ts'
import { attempt, type Progress } from './attempt.ts'
import { oneStep, type Marked } from './compare-and-set.ts'
import { decodeDocument, encodeDocument } from './encoding.ts'
import { isDuplicate, isUnauthorized } from './errors.ts'
import { twoStep } from './two-step.ts'
import { filterOf, findFilter, sortOf, type MongoDocument } from './filter.ts'

const READ_LIMIT_MS = 5000
// A MongoDB takes 16 MiB, of which the two-step replacement needs some.
const MOST_BYTES = 16 * 1024 * 1024 - 4096

/** What a collection needs of the connection. */
export interface Connected {
  db: Db
  isOneStep: boolean
  clock: Clock
  log: Pick<Logger, 'warn'>
}

/** Pages break ties by `_id`, so it ends every index that does not have to be unique. */
function descriptionOf({ fields, isUnique }: Index): IndexDescription {
  const keys = isUnique || fields.includes('_id') ? fields : [...fields, '_id']
  return {
    name: `kubewise_${keys.join('_')}${isUnique ? '_unique' : ''}`,
    key: new Map(keys.map((key) => [key, 1 as const])),
    ...(isUnique ? { unique: true } : {}),
  }
}

// Whoever writes from outside may give a document an id that is no text.
const rowOf = (found: Document): StoredRow => ({ id: String(found['_id']), document: decodeDocument(found) })

/**
 * Creates the indexes, once; a reader that may not create them goes on without, as their writer creates them too. One at
 * a time: ferretdb 1.24 panics when it is asked for several of which it has some.
 */
function indexing({ name, indexes }: Layout, collection: Collection<MongoDocument>, { clock, log }: Connected) {
  const createOne = async (index: Index) => {
    try {
      const call = { what: `${name}: creating an index`, collection: name, isWrite: false }
      await attempt(call, clock, () => collection.createIndexes([descriptionOf(index)]))
    } catch (error) {
      if (index.isUnique || !(error instanceof StoreError && isUnauthorized(error.cause))) throw error
      log.warn({ collection: name, fields: index.fields, err: error }, 'index not created: not allowed')
    }
  }
  const create = async () => {
    for (const index of indexes) await createOne(index)
  }
  let created: Promise<void> | undefined
  return async () => {
    created ??= create()
    await created.catch((error: unknown) => {
      created = undefined
      throw error
    })
  }
}

/**
 * A collection of a MongoDB. Each write carries a mark of its own, `_write`, in the document. A write whose answer was
 * lost is tried again, and the mark tells whether what stands in its way is its own first attempt.
 */
export function mongoCollection(
  connected: Connected,
  collection: Collection<MongoDocument>,
  layout: Layout,
): CollectionDriver {
  const { name } = layout
  const { db, clock, isOneStep } = connected
  const whenIndexed = indexing(layout, collection, connected)
  const compareAndSet = isOneStep ? oneStep(collection) : twoStep(db, collection, clock)

  async function run<T>(
    what: string,
    isWrite: boolean,
    id: string | undefined,
    task: (progress: Progress) => Promise<T>,
  ) {
    await whenIndexed()
    const call = { what: `${name}${id === undefined ? '' : `/${id}`}: ${what}`, collection: name, isWrite }
    return attempt(id === undefined ? call : { ...call, id }, clock, task)
  }

  function marked(document: JsonDocument): Marked {
    const { _id: id, version } = document
    const next = { ...encodeDocument(document), _id: id, version, _write: randomUUID() }
    const bytes = BSON.calculateObjectSize(next)
    if (bytes <= MOST_BYTES) return next
    const say = `${name}/${id}: not stored: expected at most ${MOST_BYTES} bytes, got ${bytes}`
    throw new StoreError('refused', say, { collection: name, id, errors: [say] })
  }

  return {
    async insert(document) {
      const next = marked(document)
      return run('insert', true, next._id, async (progress) => {
        try {
          await collection.insertOne(next)
          return 'inserted'
        } catch (error) {
          if (!isDuplicate(error)) throw error
          return (await compareAndSet.isWritten(next, progress)) ? 'inserted' : 'exists'
        }
      })
    },

    get: (id) =>
      run('get', false, id, async () => {
        const found = await collection.findOne({ _id: id }, { maxTimeMS: READ_LIMIT_MS })
        return found === null ? undefined : rowOf(found)
      }),

    async replace(document) {
      const next = marked(document)
      return run('replace', true, next._id, (progress) => compareAndSet.replace(next, progress))
    },

    find: (query) =>
      run('find', false, undefined, async () => {
        const options = { sort: sortOf(query), limit: query.limit + 1, maxTimeMS: READ_LIMIT_MS }
        return (await collection.find(findFilter(layout, query), options).toArray()).map(rowOf)
      }),

    count: (conditions) =>
      run('count', false, undefined, () =>
        collection.countDocuments(filterOf(layout, conditions), { maxTimeMS: READ_LIMIT_MS }),
      ),

    // After an attempt whose answer was lost, a document that is gone was deleted by it as far as anybody can tell.
    delete: (id) =>
      run(
        'delete',
        true,
        id,
        async ({ isUncertain }) => (await collection.deleteOne({ _id: id })).deletedCount > 0 || isUncertain,
      ),

    deleteBelow: (field, limit) =>
      run(
        `delete by ${field}`,
        true,
        undefined,
        async () => (await collection.deleteMany({ [field]: { $lt: limit } })).deletedCount,
      ),
  }
}
