import { redactText } from '@kubewise/service'

/** What went wrong, as far as a caller can act on it. */
export type KubeErrorKind =
  | 'not-found'
  | 'conflict'
  | 'already-exists'
  | 'invalid'
  | 'forbidden'
  | 'unauthorized'
  | 'gone'
  | 'too-many-requests'
  | 'unavailable'
  | 'timeout'
  | 'unreachable'
  | 'malformed'

export interface KubeErrorFacts {
  kind: KubeErrorKind
  message: string
  /** HTTP status, when there was an answer. */
  status?: number
  /** The server's own word (`AlreadyExists`, `Expired`), or ours (`Aborted`, `ECONNREFUSED`). */
  reason?: string
  /** How long the server asks to stay away. */
  retryAfterMs?: number
  /** A write that may have taken effect: only reading the cluster tells. Never true for reads and dry runs. */
  isOutcomeUnknown?: boolean
  cause?: unknown
}

/** The only error this package throws for what the cluster, the network or the kubeconfig did. */
export class KubeError extends Error {
  override readonly name = 'KubeError'
  readonly kind: KubeErrorKind
  readonly status: number | undefined
  readonly reason: string
  readonly retryAfterMs: number | undefined
  readonly isOutcomeUnknown: boolean

  constructor(facts: KubeErrorFacts) {
    // The server quotes what it was sent, and admission webhooks say whatever they like.
    super(redactText(facts.message), facts.cause === undefined ? undefined : { cause: facts.cause })
    this.kind = facts.kind
    this.status = facts.status
    this.reason = facts.reason ?? facts.kind
    this.retryAfterMs = facts.retryAfterMs
    this.isOutcomeUnknown = facts.isOutcomeUnknown ?? false
  }
}

/** True for a KubeError, of the given kind where one is given. */
export function isKubeError(error: unknown, kind?: KubeErrorKind): error is KubeError {
  return error instanceof KubeError && (kind === undefined || error.kind === kind)
}

/** A `Status` object of the API, as far as it is trusted: a proxy in between may answer anything. */
export interface StatusBody {
  code?: number
  reason?: string
  message?: string
  retryAfterMs?: number
}

const KIND_OF_STATUS: Readonly<Record<number, KubeErrorKind>> = {
  400: 'invalid',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
  405: 'invalid',
  406: 'invalid',
  408: 'timeout',
  409: 'conflict',
  410: 'gone',
  413: 'invalid',
  415: 'invalid',
  422: 'invalid',
  429: 'too-many-requests',
  504: 'timeout',
}

/** The kind that belongs to an HTTP status; 409 is told apart by the server's reason. */
export function kindOfStatus(status: number, reason?: string): KubeErrorKind {
  if (status === 409 && reason === 'AlreadyExists') return 'already-exists'
  const known = KIND_OF_STATUS[status]
  if (known !== undefined) return known
  if (status >= 500) return 'unavailable'
  return status >= 400 ? 'invalid' : 'malformed'
}

const LONGEST_MESSAGE = 2000

/** Text from a server, fit for a log line: control characters replaced, bounded. */
export function cleanText(text: string, longest: number = LONGEST_MESSAGE): string {
  // oxlint-disable-next-line no-control-regex
  const clean = text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim()
  return clean.length <= longest ? clean : `${clean.slice(0, longest - 1)}…`
}

/** The `code` that Node gives its errors, such as `ECONNREFUSED`; empty when there is none. */
export function codeOf(error: unknown): string {
  const code = isRecord(error) ? error['code'] : undefined
  return typeof code === 'string' ? code : ''
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Reads what can be read of a `Status`; anything else gives an empty answer, never an error. */
export function parseStatus(value: unknown): StatusBody {
  if (!isRecord(value)) return {}
  const details = isRecord(value['details']) ? value['details'] : {}
  const retryAfterSeconds = details['retryAfterSeconds']
  return {
    ...(typeof value['code'] === 'number' ? { code: value['code'] } : {}),
    ...(typeof value['reason'] === 'string' ? { reason: cleanText(value['reason'], 100) } : {}),
    ...(typeof value['message'] === 'string' ? { message: cleanText(value['message']) } : {}),
    ...(typeof retryAfterSeconds === 'number' && retryAfterSeconds >= 0
      ? { retryAfterMs: retryAfterSeconds * 1000 }
      : {}),
  }
}

/** `Retry-After` in its two forms, seconds or a date. */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000
  const atMs = Date.parse(header)
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs)
}
