/**
 * Why a call on the record failed.
 * - `unreachable`: the server or file cannot be used now; nothing was written
 * - `timeout`: it is there but did not answer in time, or others were always faster; nothing was written
 * - `unknown-outcome`: a write was sent and its fate could not be found out; read before anything is done on its account
 * - `corrupt`: what is stored cannot be read, or is not what the collection's schema says
 * - `full`: no space is left; nothing was written
 * - `refused`: the document, the layout or the credentials are not acceptable; nothing was written
 * - `closed`: the store was closed by its owner
 */
export type StoreErrorKind = 'unreachable' | 'timeout' | 'unknown-outcome' | 'corrupt' | 'full' | 'refused' | 'closed'

export interface StoreErrorDetail {
  collection?: string | undefined
  id?: string | undefined
  /** Every mistake, for `corrupt` and `refused` documents. */
  errors?: readonly string[] | undefined
  cause?: unknown
}

/** A call on the record that could not be carried out, or whose outcome is not known. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly kind: StoreErrorKind
  readonly collection: string | undefined
  readonly id: string | undefined
  readonly errors: readonly string[]

  constructor(kind: StoreErrorKind, message: string, { collection, id, errors = [], cause }: StoreErrorDetail = {}) {
    super(message, { cause })
    this.kind = kind
    this.collection = collection
    this.id = id
    this.errors = errors
  }
}

/** A query or cursor that is not acceptable: the caller's mistake, which an api answers with 400. */
export class QueryError extends Error {
  override readonly name = 'QueryError'
}
