import type { Collection, Db } from 'mongodb'
import type { Clock } from '@kubewise/service'
import { assertNotSuperseded, type CompareAndSet, type Marked } from './compare-and-set.ts'
import { isDuplicate } from './errors.ts'
import type { MongoDocument } from './filter.ts'

/** Which write follows the one whose mark is its id. The name cannot be that of a collection of the record. */
interface Successor {
  _id: string
  next: Marked
  /** Somebody else has put `next` in its place, since the one who decided did not. */
  isHelped?: boolean
}

const SUCCESSORS = '_successors'
const RESTS_MS = [5, 10, 20, 40, 80, 160, 320, 640]

/**
 * Compare-and-set for a server that reads and writes in two steps: two replacements of one version both match, and the
 * later one wins unnoticed (ferretdb 1.24, `common.UpdateDocument`; found by the contract's concurrent updates). What such
 * a server does in one step is the unique insert. So that decides: whoever inserts the successor of the present write may
 * put it in its place; the others wait until it is there, and put it there themselves if its owner has died.
 * By `_id` alone, since ferretdb looks at every document for any other filter.
 */
export function twoStep(db: Db, collection: Collection<MongoDocument>, clock: Clock): CompareAndSet {
  const successors = db.collection<Successor>(SUCCESSORS)
  const name = collection.collectionName
  const present = (id: string) => collection.findOne({ _id: id }, { projection: { version: 1, _write: 1 } })

  /** @returns undefined if `next` is the successor */
  async function otherSuccessor(mark: string, next: Marked): Promise<Successor | 'gone' | undefined> {
    try {
      await successors.insertOne({ _id: mark, next })
      return undefined
    } catch (error) {
      if (!isDuplicate(error)) throw error
    }
    const decided = await successors.findOne({ _id: mark })
    return decided === null ? 'gone' : decided.next._write === next._write ? undefined : decided
  }

  /** @returns whether it is there; it is not if its document is gone, or if another unique index is in its way */
  async function put(mark: string, next: Marked): Promise<boolean> {
    let isThere = false
    try {
      isThere = (await collection.replaceOne({ _id: next._id }, next)).matchedCount > 0
    } catch (error) {
      if (!isDuplicate(error)) throw error
    }
    await successors.deleteOne({ _id: mark })
    return isThere
  }

  async function waitFor({ _id: mark, next }: Successor): Promise<void> {
    for (const restMs of RESTS_MS) {
      await clock.sleep(restMs * (0.5 + Math.random()))
      if ((await present(next._id))?.['_write'] !== mark) return
    }
    await successors.updateOne({ _id: mark }, { $set: { isHelped: true } })
    await put(mark, next)
  }

  /** The present write was not the one that was read: was it helped, or was the reading out of date? */
  async function late(mark: string, next: Marked, found: MongoDocument | null): Promise<'replaced' | 'conflict'> {
    const wasHelped = found?.['_write'] === next._write || (await successors.findOne({ _id: mark }))?.isHelped === true
    await successors.deleteOne({ _id: mark })
    return wasHelped ? 'replaced' : 'conflict'
  }

  return {
    async isWritten(next, progress) {
      const found = await present(next._id)
      if (progress.isUncertain && found !== null) assertNotSuperseded(name, next, found)
      return found?.['_write'] === next._write
    },

    async replace(next, progress) {
      const before = await present(next._id)
      if (before?.['_write'] === next._write) return 'replaced'
      if (before?.['version'] !== next.version - 1) {
        if (progress.isUncertain) assertNotSuperseded(name, next, before)
        return 'conflict'
      }
      const mark = String(before['_write'])
      const other = await otherSuccessor(mark, next)
      if (other !== undefined) {
        if (other !== 'gone') await waitFor(other)
        return 'conflict'
      }
      // From here on it may come to pass without us.
      progress.isUncertain = true
      const found = await present(next._id)
      if (found?.['_write'] !== mark) return late(mark, next, found)
      return (await put(mark, next)) ? 'replaced' : 'conflict'
    },
  }
}
