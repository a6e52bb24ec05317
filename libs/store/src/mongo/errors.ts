import {
  MongoClientClosedError,
  MongoError,
  MongoNetworkError,
  MongoNetworkTimeoutError,
  MongoNotConnectedError,
  MongoServerError,
  MongoServerSelectionError,
  MongoTopologyClosedError,
  MongoWriteConcernError,
} from 'mongodb'
import type { StoreErrorKind } from '../errors.ts'

/** What an error of the driver means for the call that got it. */
export interface Failure {
  kind: StoreErrorKind
  /** The server may have carried the command out. */
  maybeApplied: boolean
  /** Another attempt, at once, may end better. */
  isTransient: boolean
}

// https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml
const DUPLICATE_KEY = 11000
const UNAUTHORIZED = 13
const TIME_LIMIT = 50
const FULL = new Set([14031, 12501])
const ATLAS = 8000
const INTERNAL_ERROR = 1
const UNKNOWN_ERROR = 8
// Stepping down, shutting down, not the primary, network trouble behind a mongos.
const TRANSIENT = new Set([6, 7, 89, 91, 134, 189, 262, 317, 358, 9001, 10107, 11600, 11602, 13435, 13436])

/** Is a unique index in the way? ferretdb says so of a replacement only in the text of an internal error. */
export const isDuplicate = (error: unknown): boolean =>
  error instanceof MongoServerError &&
  (error.code === DUPLICATE_KEY ||
    (error.code === INTERNAL_ERROR && error.message.includes('UNIQUE constraint failed')))

export const isUnauthorized = (error: unknown): boolean =>
  error instanceof MongoServerError && error.code === UNAUTHORIZED

// The connection could not be made, or none was free, or the server turned the command away: nothing was carried out.
const wasNeverSent = (error: MongoError): boolean =>
  ['HandshakeError', 'PoolRequestedRetry', 'SystemOverloadedError', 'NoWritesPerformed'].some((label) =>
    error.hasErrorLabel(label),
  )

function serverFailure(error: MongoServerError): Failure {
  const code = typeof error.code === 'number' ? error.code : 0
  const isFull =
    FULL.has(code) ||
    (code === ATLAS && /quota/i.test(error.message)) ||
    (code === INTERNAL_ERROR && /disk is full/i.test(error.message))
  if (isFull) return { kind: 'full', maybeApplied: false, isTransient: false }
  if (code === TIME_LIMIT) return { kind: 'timeout', maybeApplied: true, isTransient: false }
  if (TRANSIENT.has(code)) return { kind: 'unreachable', maybeApplied: true, isTransient: true }
  if (code === INTERNAL_ERROR || code === UNKNOWN_ERROR)
    return { kind: 'unreachable', maybeApplied: true, isTransient: false }
  return { kind: 'refused', maybeApplied: false, isTransient: false }
}

// The driver (7.9) lets what a socket throws at the moment of writing through as it is.
const SOCKET_CODES = new Set([
  'EPIPE',
  'ECONNRESET',
  'ECONNABORTED',
  'ETIMEDOUT',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
  'ERR_SOCKET_CLOSED',
])

const isOfSocket = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && SOCKET_CODES.has(error.code)

/** @returns undefined for an error that is neither the driver's nor the connection's */
export function failureOf(error: unknown): Failure | undefined {
  if (isOfSocket(error)) return { kind: 'unreachable', maybeApplied: true, isTransient: true }
  if (!(error instanceof MongoError)) return undefined
  if (
    error instanceof MongoClientClosedError ||
    error instanceof MongoTopologyClosedError ||
    error instanceof MongoNotConnectedError
  )
    return { kind: 'closed', maybeApplied: false, isTransient: false }
  if (error instanceof MongoServerSelectionError)
    return { kind: 'unreachable', maybeApplied: false, isTransient: false }
  if (error.name === 'MongoWaitQueueTimeoutError') return { kind: 'timeout', maybeApplied: false, isTransient: false }
  // It is on the primary, but not known to be on the majority.
  if (error instanceof MongoWriteConcernError) return { kind: 'timeout', maybeApplied: true, isTransient: false }
  if (error instanceof MongoNetworkTimeoutError)
    return { kind: 'timeout', maybeApplied: !wasNeverSent(error), isTransient: false }
  if (error instanceof MongoNetworkError)
    return { kind: 'unreachable', maybeApplied: !wasNeverSent(error), isTransient: true }
  if (error instanceof MongoServerError) return serverFailure(error)
  return { kind: 'refused', maybeApplied: false, isTransient: false }
}
