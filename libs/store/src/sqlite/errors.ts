import { StoreError, type StoreErrorKind } from '../errors.ts'

// https://sqlite.org/rescode.html
const BUSY = 5
const LOCKED = 6
const IO_ERROR = 10

const KINDS: Record<number, StoreErrorKind> = {
  3: 'unreachable', // PERM
  7: 'refused', // NOMEM
  8: 'unreachable', // READONLY
  [IO_ERROR]: 'unreachable',
  11: 'corrupt', // CORRUPT
  13: 'full', // FULL
  14: 'unreachable', // CANTOPEN
  15: 'unreachable', // PROTOCOL
  18: 'refused', // TOOBIG
  22: 'unreachable', // NOLFS
  23: 'unreachable', // AUTH
  26: 'corrupt', // NOTADB
}

/** SQLite's primary result code; undefined for an error that is not SQLite's. */
const resultOf = (error: unknown): number | undefined =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined

/** Did another process hold the lock for too long? Nothing was written then. */
export const isBusy = (error: unknown): boolean => [BUSY, LOCKED].includes(resultOf(error) ?? 0)

/** Whether the failed call was to write: an input or output error then leaves open what is on the disk. */
export type Access = 'read' | 'write'

/** An error of SQLite as one of the store's; an error of this program as it is. */
export function storeError(error: unknown, file: string, access: Access): unknown {
  const result = resultOf(error)
  if (result === undefined || !(error instanceof Error)) return error
  const malformed = error.message.includes('malformed JSON')
  const kind = result === IO_ERROR && access === 'write' ? 'unknown-outcome' : malformed ? 'corrupt' : KINDS[result]
  if (kind === undefined) return error
  return new StoreError(kind, `${file}: ${error.message}`, { cause: error })
}
