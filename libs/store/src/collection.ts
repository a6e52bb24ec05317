import type { CollectionSpec, StoredDocument } from '@kubewise/contracts'
import type { Logger } from '@kubewise/service'
import { encodeCursor } from './cursor.ts'
import { checkDocument, isId, type JsonDocument } from './document.ts'
import type { CollectionDriver, Layout, StoredRow } from './driver.ts'
import { StoreError } from './errors.ts'
import { fieldOf } from './field.ts'
import type { Collection, Page, Query, Unreadable } from './port.ts'
import { checkConditions, checkQuery, type CheckedQuery } from './query.ts'

const MOST_SAID = 5

const listed = (errors: readonly string[]): string =>
  errors.slice(0, MOST_SAID).join('; ') + (errors.length > MOST_SAID ? `; and ${errors.length - MOST_SAID} more` : '')

function refused(collection: string, id: unknown, errors: readonly string[]): StoreError {
  const name = typeof id === 'string' ? id.slice(0, 120) : '?'
  return new StoreError('refused', `${collection}/${name}: not stored: ${listed(errors)}`, {
    collection,
    id: name,
    errors,
  })
}

/** Checks what is about to be stored: nothing is written that could not be read again. */
function outgoing<T extends StoredDocument>(
  { name, decode }: CollectionSpec<T>,
  layout: Layout,
  value: Omit<T, 'version'>,
  version: number,
): JsonDocument {
  const checked = checkDocument(value, version, layout)
  const id = (value as { _id?: unknown })._id
  if ('problems' in checked) throw refused(name, id, checked.problems)
  const decoded = decode(checked.document)
  if (!decoded.ok) throw refused(name, id, decoded.errors)
  return checked.document
}

function incoming<T extends StoredDocument>({ decode }: CollectionSpec<T>, row: StoredRow): { value: T } | Unreadable {
  if ('problem' in row) return { id: row.id, errors: [row.problem] }
  const decoded = decode(row.document)
  return decoded.ok ? { value: decoded.value } : { id: row.id, errors: decoded.errors }
}

/** @throws StoreError `corrupt` if the last of the rows has no place in the order, so that what follows it cannot be found */
function cursorAfter(query: CheckedQuery, last: StoredRow): string {
  const value =
    query.orderBy === '_id' ? last.id : 'document' in last ? fieldOf(last.document, query.orderBy) : undefined
  if (value !== undefined) return encodeCursor(query, { value, id: last.id })
  const { collection, orderBy } = query
  const problem = `${collection}/${last.id}: expected text, a number or a boolean at ${orderBy}, by which it is ordered`
  throw new StoreError('corrupt', problem, { collection, id: last.id, errors: [problem] })
}

/** One collection for its readers and its writer: schemas, ids and queries are checked here, once for both drivers. */
export function createCollection<T extends StoredDocument>(
  spec: CollectionSpec<T>,
  layout: Layout,
  driver: CollectionDriver,
  log: Pick<Logger, 'error'>,
): Collection<T> {
  const { name } = spec

  function pageOf(rows: StoredRow[], query: CheckedQuery): Page<T> {
    const page: Page<T> = { items: [] }
    const unreadable: Unreadable[] = []
    for (const row of rows.slice(0, query.limit)) {
      const read = incoming(spec, row)
      if ('value' in read) page.items.push(read.value)
      else unreadable.push(read)
    }
    if (unreadable.length > 0) {
      log.error(
        { collection: name, count: unreadable.length, unreadable: unreadable.slice(0, MOST_SAID) },
        'stored documents cannot be read',
      )
      page.unreadable = unreadable
    }
    const last = rows[query.limit - 1]
    if (last !== undefined && rows.length > query.limit) page.cursor = cursorAfter(query, last)
    return page
  }

  return {
    insert: async (document) => driver.insert(outgoing(spec, layout, document, 1)),

    async get(id) {
      const row = isId(id) ? await driver.get(id) : undefined
      if (row === undefined) return undefined
      const read = incoming(spec, row)
      if ('value' in read) return read.value
      const { errors } = read
      throw new StoreError('corrupt', `${name}/${id}: cannot be read: ${listed(errors)}`, {
        collection: name,
        id,
        errors,
      })
    },

    async replace(document) {
      const { version } = document
      if (!Number.isSafeInteger(version) || version < 1)
        throw refused(name, document._id, [`version: expected the one that was read, got ${String(version)}`])
      return driver.replace(outgoing(spec, layout, document, version + 1))
    },

    async find(query: Query = {}) {
      const checked = checkQuery(layout, query)
      return pageOf(await driver.find(checked), checked)
    },

    count: async (where) => driver.count(checkConditions(where)),
    delete: async (id) => isId(id) && driver.delete(id),
  }
}
