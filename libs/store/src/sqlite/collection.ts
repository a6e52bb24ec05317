import { setImmediate } from 'node:timers/promises'
import { StoreError } from '../errors.ts'
import { isObject } from '../field.ts'
import type { JsonDocument } from '../document.ts'
import type { CollectionDriver, Layout, StoredRow } from '../driver.ts'
import type { Connection } from './connection.ts'
import { countSql, createIndexSql, createTableSql, deleteBelowSql, findSql, tableOf } from './sql.ts'

const MOST_DELETED_AT_ONCE = 500

// As much as a MongoDB takes, so that a record can move there.
const MOST_CHARACTERS = 16 * 1024 * 1024

/** `_id` and `version` have columns of their own. */
function bodyOf(collection: string, { _id: id, version: _version, ...body }: JsonDocument): string {
  const text = JSON.stringify(body)
  if (text.length <= MOST_CHARACTERS) return text
  const say = `${collection}/${id}: not stored: expected at most ${MOST_CHARACTERS} characters, got ${text.length}`
  throw new StoreError('refused', say, { collection, id, errors: [say] })
}

function rowOf(row: Record<string, unknown>): StoredRow {
  const id = String(row['_id'])
  try {
    const body: unknown = JSON.parse(String(row['document']))
    if (isObject(body)) {
      // The row's own id counts, whatever somebody has written into the document.
      const { _id: _stored, ...rest } = body
      return { id, document: { _id: id, ...rest, version: Number(row['version']) } }
    }
  } catch {}
  return { id, problem: 'expected a JSON object' }
}

/** A collection as one table; made at its first use. */
export function sqliteCollection(connection: Connection, layout: Layout): CollectionDriver {
  const { name, indexes } = layout
  const table = tableOf(name)
  let defined: Promise<void> | undefined

  async function whenDefined(): Promise<void> {
    defined ??= connection.define([createTableSql(name), ...indexes.map((index) => createIndexSql(name, index))])
    await defined.catch((error: unknown) => {
      defined = undefined
      throw error
    })
  }

  const write = async (text: string, ...parameters: (string | number)[]) => {
    await whenDefined()
    return connection.write({ text, parameters })
  }

  return {
    async insert(document) {
      const text = `INSERT INTO ${table} (_id, version, document) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`
      return (await write(text, document._id, document.version, bodyOf(name, document))) === 1 ? 'inserted' : 'exists'
    },

    async get(id) {
      await whenDefined()
      const [row] = await connection.all({
        text: `SELECT _id, version, document FROM ${table} WHERE _id = ?`,
        parameters: [id],
      })
      return row === undefined ? undefined : rowOf(row)
    },

    async replace(document) {
      const text = `UPDATE OR IGNORE ${table} SET document = ?, version = ? WHERE _id = ? AND version = ?`
      const { _id, version } = document
      return (await write(text, bodyOf(name, document), version, _id, version - 1)) === 1 ? 'replaced' : 'conflict'
    },

    async find(query) {
      await whenDefined()
      return (await connection.all(findSql(query))).map(rowOf)
    },

    async count(conditions) {
      await whenDefined()
      const [row] = await connection.all(countSql(name, conditions))
      return Number(row?.['count'])
    },

    delete: async (id) => (await write(`DELETE FROM ${table} WHERE _id = ?`, id)) === 1,

    async deleteBelow(field, limit) {
      await whenDefined()
      let deleted = 0
      for (;;) {
        const count = await connection.write(deleteBelowSql(name, field, limit, MOST_DELETED_AT_ONCE))
        deleted += count
        if (count < MOST_DELETED_AT_ONCE) return deleted
        await setImmediate()
      }
    },
  }
}
