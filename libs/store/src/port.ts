import type { CollectionSpec, StoredDocument } from '@kubewise/contracts'

export type Scalar = string | number | boolean
/**
 * One condition on one field (a dotted path is allowed): equality, a range, or one of several. Never raw driver syntax.
 * Text matches text, numbers numbers. A list or object never matches, nor does anything inside a list.
 */
export type Condition =
  | Scalar
  | { gte?: number | string; gt?: number | string; lt?: number | string; lte?: number | string }
  | { in: readonly Scalar[] }

export interface Query {
  where?: Readonly<Record<string, Condition>>
  /**
   * Field that orders the page, ties broken by `_id`. Must be declared as an index of the collection, or be `_id`.
   * Ascending, missing comes first, then numbers, text (by bytes), booleans.
   */
  orderBy?: string
  direction?: 'asc' | 'desc'
  /** 1 to 500, default 100. */
  limit?: number
  /** Opaque, from the page before. */
  cursor?: string
}

/** A stored document that its collection's schema refuses, or that is no document at all. */
export interface Unreadable {
  id: string
  errors: readonly string[]
}

export interface Page<T> {
  /** At most `limit`; fewer although there is more where some are unreadable. */
  items: T[]
  /** Present when there is more. */
  cursor?: string
  /** What should have been among the items; logged too. Present when there is any. */
  unreadable?: Unreadable[]
}

/**
 * One collection of the record. Each has exactly one writing service. `version` is set by the store: 1 at insert, one
 * more with each replace. Every write is acknowledged only when durable. Every call throws StoreError when the outcome is unknown.
 * Documents are data and come back as they went in, whatever their keys and text hold; members that are undefined are left out.
 * What the schema of the collection refuses is not written (StoreError `refused`), and not taken for a document when it is read.
 */
export interface Collection<T extends StoredDocument> {
  /** Unique insert: the one way to claim. Never `exists` for what this very call wrote. */
  insert(document: Omit<T, 'version'>): Promise<'inserted' | 'exists'>
  /** @throws StoreError `corrupt` if it is stored but unreadable: who decides on a document must not take it for missing */
  get(id: string): Promise<T | undefined>
  /** Compare-and-set on `document.version`, the version that was read; `conflict` also when there is no such document. */
  replace(document: T): Promise<'replaced' | 'conflict'>
  /**
   * The unreadable are told beside the items, so that one of them does not hide the rest.
   * @throws QueryError if the query or its cursor is not acceptable
   */
  find(query?: Query): Promise<Page<T>>
  count(where?: Query['where']): Promise<number>
  /** True if it was there. Only where nothing else refers to it, such as an expired silence. */
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
