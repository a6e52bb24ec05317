import type { CollectionSpec, StoredDocument } from '@kubewise/contracts'

export type Scalar = string | number | boolean
/** One condition on one field (a dotted path is allowed): equality, a range, or one of several. Never raw driver syntax. */
export type Condition = Scalar | { gte?: number | string; gt?: number | string; lt?: number | string; lte?: number | string } | { in: readonly Scalar[] }

export interface Query {
  where?: Readonly<Record<string, Condition>>
  /** Field that orders the page, ties broken by `_id`. Must be declared as an index of the collection, or be `_id`. */
  orderBy?: string
  direction?: 'asc' | 'desc'
  /** 1 to 500, default 100. */
  limit?: number
  /** Opaque, from the page before. */
  cursor?: string
}

export interface Page<T> {
  items: T[]
  /** Present when there is more. */
  cursor?: string
}

/**
 * One collection of the record. Each has exactly one writing service. `version` is set by the store: 1 at insert, one
 * more with each replace. Every write is acknowledged only when durable. Every call throws StoreError when the outcome is unknown.
 */
export interface Collection<T extends StoredDocument> {
  /** Unique insert: the one way to claim. */
  insert(document: Omit<T, 'version'>): Promise<'inserted' | 'exists'>
  get(id: string): Promise<T | undefined>
  /** Compare-and-set on `document.version`, the version that was read. */
  replace(document: T): Promise<'replaced' | 'conflict'>
  find(query?: Query): Promise<Page<T>>
  count(where?: Query['where']): Promise<number>
  /** Only where nothing else refers to it, such as an expired silence. */
  delete(id: string): Promise<boolean>
}

/** The record: MongoDB, or SQLite embedded. */
export interface Store {
  collection<T extends StoredDocument>(spec: CollectionSpec<T>): Collection<T>
  /** Deletes documents whose collection's `expiresField` is before `nowMs`; drivers need no TTL index of their own. */
  expire(nowMs: number): Promise<number>
  /** Throws StoreError when the record cannot be reached. */
  ping(): Promise<void>
  close(): Promise<void>
}
