import { ApiStatus, internalError } from '../../objects/api-status.ts'
import { API_RESOURCES } from '../resources.ts'
import { jsonReply, textReply, type Reply } from './respond.ts'

const REASONS: Record<number, string> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Expired',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
}

/** What a watch or list is told whose version is forgotten, by a fault. */
export const GONE = new ApiStatus(410, 'Expired', 'too old resource version: simulated')

/** Any failure as its answer: what is no refusal is a fault of the simulator, told with its stack. */
export function failureReply(error: unknown): Reply {
  const said = error instanceof Error ? (error.stack ?? error.message) : String(error)
  const status = error instanceof ApiStatus ? error : internalError(said)
  const retry = status.details?.retryAfterSeconds
  return jsonReply(status.code, status.body(), retry === undefined ? {} : { 'Retry-After': String(retry) })
}

export function faultReply(fault: { status: number; retryAfterSeconds?: number; message?: string }): Reply {
  const { status, retryAfterSeconds, message = `simulated answer ${status}` } = fault
  const details = retryAfterSeconds === undefined ? undefined : { retryAfterSeconds }
  return failureReply(new ApiStatus(status, REASONS[status], message, details))
}

/** Within a group that is served, the server says so by a Status; elsewhere by a line of text. */
export function nothingThere(group: string | undefined): Reply {
  const isServed = group !== undefined && API_RESOURCES.some((row) => row.group === group)
  if (!isServed) return textReply(404, '404 page not found\n')
  return failureReply(new ApiStatus(404, 'NotFound', 'the server could not find the requested resource', {}))
}
