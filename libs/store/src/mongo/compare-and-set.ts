import type { Collection } from 'mongodb'
import { StoreError } from '../errors.ts'
import type { Progress } from './attempt.ts'
import { isDuplicate } from './errors.ts'
import type { MongoDocument } from './filter.ts'

/** A document with the mark of the write that put it there; no two writes have the same. */
export type Marked = MongoDocument & { version: number; _write: string }

/** How one document takes the place of another. Throws the driver's errors; may be called again after one. */
export interface CompareAndSet {
  /** Puts a document in the place of the version before its own. */
  replace(next: Marked, progress: Progress): Promise<'replaced' | 'conflict'>
  /** Is it in the record, by this very write? */
  isWritten(next: Marked, progress: Progress): Promise<boolean>
}

/** An attempt may have been carried out, and others have written since over whatever it left. */
export function assertNotSuperseded(
  collection: string,
  { _id: id, version }: Marked,
  found: MongoDocument | null,
): void {
  if (found !== null && found['version'] <= version) return
  const say = `${collection}/${id}: the answer to a write was lost, and others have written since`
  throw new StoreError('unknown-outcome', say, { collection, id })
}

/** For a server that compares and changes a document in one step, as MongoDB does. */
export function oneStep(collection: Collection<MongoDocument>): CompareAndSet {
  const name = collection.collectionName
  const present = (id: string) => collection.findOne({ _id: id }, { projection: { version: 1 } })

  // Asked as a write that changes nothing: only a write is acknowledged by the majority, and what that waits for includes
  // the attempt whose answer was lost.
  const isThere = async ({ _id, version, _write }: Marked) =>
    (await collection.updateOne({ _id, version, _write }, { $set: { _write } })).matchedCount > 0

  async function put(next: Marked): Promise<boolean> {
    try {
      return (await collection.replaceOne({ _id: next._id, version: next.version - 1 }, next)).matchedCount > 0
    } catch (error) {
      if (isDuplicate(error)) return false
      throw error
    }
  }

  return {
    async isWritten(next, progress) {
      if (await isThere(next)) return true
      const found = progress.isUncertain ? await present(next._id) : null
      if (found !== null) assertNotSuperseded(name, next, found)
      return false
    },

    async replace(next, progress) {
      if ((await put(next)) || (await isThere(next))) return 'replaced'
      if (progress.isUncertain) assertNotSuperseded(name, next, await present(next._id))
      return 'conflict'
    },
  }
}
