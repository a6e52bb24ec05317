import type { CheckedQuery, FieldCondition } from './query.ts'
import type { JsonDocument } from './document.ts'

/** One index of a collection as both drivers build it. */
export interface Index {
  fields: readonly string[]
  isUnique: boolean
}

/** What a driver has to know of a collection. */
export interface Layout {
  name: string
  indexes: readonly Index[]
}

/** A document as it lies in the record, or why it cannot even be taken for one. */
export type StoredRow = { id: string; document: Record<string, unknown> } | { id: string; problem: string }

/**
 * One collection of one driver. Documents, ids and queries that come in have been checked, those that go out have not.
 * Throws StoreError, and nothing else for whatever goes wrong outside the process.
 */
export interface CollectionDriver {
  /** Stores it as it is, its `version` included; `exists` also when another index than that of `_id` is unique and taken. */
  insert(document: JsonDocument): Promise<'inserted' | 'exists'>
  get(id: string): Promise<StoredRow | undefined>
  /** Stores it in place of the one with its id and the version before its own. */
  replace(document: JsonDocument): Promise<'replaced' | 'conflict'>
  /** One row more than the query's limit where there is one. */
  find(query: CheckedQuery): Promise<StoredRow[]>
  count(conditions: readonly FieldCondition[]): Promise<number>
  delete(id: string): Promise<boolean>
  /** Deletes every document whose number in `field` is less than `limit`. */
  deleteBelow(field: string, limit: number): Promise<number>
}

/** A connection to a record, without schemas. */
export interface StoreDriver {
  collection(layout: Layout): CollectionDriver
  ping(): Promise<void>
  close(): Promise<void>
}
