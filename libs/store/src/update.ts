import type { StoredDocument } from '@kubewise/contracts'
import { StoreError } from './errors.ts'
import type { Collection } from './port.ts'

// In each round one of the contenders wins, so that this many can contend before one may starve.
const MOST_ATTEMPTS = 64

/**
 * Reads, changes and writes back by compare-and-set, again and again while others are faster.
 *
 * @param change makes the new document of the present one, or returns undefined to leave it as it is; may run several
 *   times, so it must have no effect of its own. `_id` and `version` are taken from the present one
 * @returns the document as it stands afterwards; undefined if there is none with this id
 * @throws StoreError of kind `timeout` if others were faster 64 times; whatever `change` throws
 */
export async function update<T extends StoredDocument>(
  collection: Collection<T>,
  id: string,
  change: (current: T) => T | undefined | Promise<T | undefined>,
): Promise<T | undefined> {
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const current = await collection.get(id)
    if (current === undefined) return undefined
    const { version } = current
    const changed = await change(current)
    if (changed === undefined) return current
    const next = { ...changed, _id: id, version }
    if ((await collection.replace(next)) === 'replaced') return { ...next, version: version + 1 }
  }
  throw new StoreError('timeout', `${id}: not updated, others were faster ${MOST_ATTEMPTS} times`, { id })
}
