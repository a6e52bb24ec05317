import type { CollectionSpec, StoredDocument } from '@kubewise/contracts'
import type { Logger } from '@kubewise/service'
import { createCollection } from './collection.ts'
import type { Layout, StoreDriver } from './driver.ts'
import { StoreError } from './errors.ts'
import { isFieldPath } from './field.ts'
import type { Query, Store } from './port.ts'

const NAME = /^[a-z][a-z0-9-]{0,60}$/

/** @throws RangeError if the specification names something that no driver could build */
function layoutOf({
  name,
  indexes,
  expiresField,
}: Pick<CollectionSpec<StoredDocument>, 'name' | 'indexes' | 'expiresField'>): Layout {
  if (!NAME.test(name)) throw new RangeError(`collection: expected a name of small letters, digits and -, got ${name}`)
  const all = indexes.map(({ fields, isUnique = false }) => ({ fields, isUnique }))
  if (expiresField !== undefined && !all.some(({ fields }) => fields[0] === expiresField))
    all.push({ fields: [expiresField], isUnique: false })
  for (const field of all.flatMap(({ fields }) => fields))
    if (!isFieldPath(field)) throw new RangeError(`${name}: expected the name of a field to index, got ${field}`)
  return { name, indexes: all }
}

/** The record over a driver. */
export function createStore(driver: StoreDriver, log: Pick<Logger, 'error'>): Store {
  const expiring = new Map<string, { layout: Layout; field: string }>()
  const underWay = new Set<Promise<unknown>>()
  let closing: Promise<void> | undefined

  const assertOpen = () => {
    if (closing !== undefined) throw new StoreError('closed', 'the store is closed')
  }

  /** A call that is refused once the store is closing, and that the closing waits for. */
  const guarded =
    <A extends unknown[], R>(call: (...given: A) => Promise<R>) =>
    async (...given: A): Promise<R> => {
      assertOpen()
      const outcome = call(...given)
      underWay.add(outcome)
      try {
        return await outcome
      } finally {
        underWay.delete(outcome)
      }
    }

  async function close(): Promise<void> {
    await Promise.allSettled(underWay)
    await driver.close()
  }

  return {
    collection<T extends StoredDocument>(spec: CollectionSpec<T>) {
      assertOpen()
      const layout = layoutOf(spec)
      if (spec.expiresField !== undefined) expiring.set(spec.name, { layout, field: spec.expiresField })
      const open = createCollection(spec, layout, driver.collection(layout), log)
      return {
        insert: guarded((document: Omit<T, 'version'>) => open.insert(document)),
        get: guarded((id: string) => open.get(id)),
        replace: guarded((document: T) => open.replace(document)),
        find: guarded((query?: Query) => open.find(query)),
        count: guarded((where?: Query['where']) => open.count(where)),
        delete: guarded((id: string) => open.delete(id)),
      }
    },

    expire: guarded(async (nowMs: number) => {
      let deleted = 0
      for (const { layout, field } of expiring.values())
        deleted += await driver.collection(layout).deleteBelow(field, nowMs)
      return deleted
    }),

    ping: guarded(() => driver.ping()),
    close: () => (closing ??= close()),
  }
}
