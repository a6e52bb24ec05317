import { JetStreamApiError, JetStreamApiCodes } from '@nats-io/jetstream'
import { errors } from '@nats-io/transport-node'
import { explain } from '@kubewise/service'

/**
 * What went wrong, as far as a caller can act on it:
 * - `unreachable`: no server at the address, or one without JetStream. Try again later.
 * - `disconnected`: there is no connection; nothing was sent.
 * - `timeout`: sent, but no answer came: done or not, nobody knows. Repeat with the same message id.
 * - `no-stream`: no stream stores this subject, or JetStream is not up; nothing was stored.
 * - `refused`: the server answered no (limits, permissions); nothing was stored.
 * - `invalid`: the call cannot be right: a bad subject, key, header or body, or one that is too large.
 * - `closed`: the bus was closed.
 */
export type BusErrorCode = 'unreachable' | 'disconnected' | 'timeout' | 'no-stream' | 'refused' | 'invalid' | 'closed'

/** Every failure of the bus that a caller sees. */
export class BusError extends Error {
  override readonly name = 'BusError'
  readonly code: BusErrorCode

  constructor(code: BusErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }

  /** Whether the request may have been carried out all the same: a timeout is not a failure. */
  get isOutcomeUnknown(): boolean {
    return this.code === 'timeout'
  }
}

/** The server's own number of an error, where it answered with one. */
export function apiCodeOf(error: unknown): number | undefined {
  for (let each = error; each instanceof Error; each = each.cause)
    if (each instanceof JetStreamApiError) return each.code
  return undefined
}

// JetStream's own names for itself being off (10039), gone from under a request (10059) or without a leader (10008).
const NO_STREAM = new Set<number>([
  JetStreamApiCodes.StreamNotFound,
  JetStreamApiCodes.JetStreamNotEnabledForAccount,
  10008,
])

function isNoResponders(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause)
    if (each instanceof errors.NoRespondersError) return true
  return false
}

function codeOf(error: unknown): BusErrorCode {
  const apiCode = apiCodeOf(error)
  if (apiCode !== undefined) return NO_STREAM.has(apiCode) ? 'no-stream' : 'refused'
  if (isNoResponders(error)) return 'no-stream'
  if (error instanceof errors.TimeoutError) return 'timeout'
  if (error instanceof errors.ClosedConnectionError || error instanceof errors.DrainingConnectionError) return 'closed'
  if (error instanceof errors.InvalidSubjectError || error instanceof errors.InvalidArgumentError) return 'invalid'
  return 'refused'
}

/** @param doing what was tried, as a phrase: `publish to kubewise.v1.prod.plan.x` */
export function asBusError(doing: string, error: unknown): BusError {
  if (error instanceof BusError) return error
  return new BusError(codeOf(error), `${doing}: ${explain(error)}`, { cause: error })
}
