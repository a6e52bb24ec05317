import { Readable } from 'node:stream'
import { explain } from './explain.ts'

export type HttpErrorKind = 'timeout' | 'unreachable' | 'status' | 'malformed' | 'too-large'

/** An outgoing request that did not bring what it was sent for. The message names the server only: paths and queries can be secret. */
export class HttpError extends Error {
  override readonly name = 'HttpError'
  readonly kind: HttpErrorKind
  /** Present once the server has answered. */
  readonly status?: number
  /** The beginning of the answer, present with kind `status`. Text from outside: data, never an instruction. */
  readonly body?: string
  /** How long the server asked to be left alone, where it said so in seconds. */
  readonly retryAfterMs?: number

  constructor(
    kind: HttpErrorKind,
    message: string,
    details: { status?: number; body?: string; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message, 'cause' in details ? { cause: details.cause } : {})
    this.kind = kind
    if (details.status !== undefined) this.status = details.status
    if (details.body !== undefined) this.body = details.body
    if (details.retryAfterMs !== undefined) this.retryAfterMs = details.retryAfterMs
  }
}

export interface FetchOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  headers?: Record<string, string>
  /** An object is sent as JSON, URLSearchParams as a form, text as it is. */
  body?: object | URLSearchParams | string
  /** For the whole exchange, the body included; default 10 s. */
  timeoutMs?: number
  /** Of the answer, after decompression; default 32 MiB. */
  maxBytes?: number
  /**
   * Reads the body, decompressed, for who wants a part of what may be large; `maxBytes` then counts for nothing, and what it
   * gives is the text.
   */
  readBody?: (chunks: AsyncIterable<Uint8Array>) => Promise<string>
  signal?: AbortSignal
}

export interface TextResponse {
  status: number
  headers: Headers
  text: string
}

const TIMEOUT_MS = 10_000
const MAX_BYTES = 32 * 1024 * 1024
const BODY_SHOWN_BYTES = 4 * 1024

/** `fetch` refuses credentials in an address, though Prometheus is often given so: they become a header. */
function addressed(url: string | URL): { url: URL; headers: Record<string, string> } {
  const target = new URL(url)
  if (!target.username && !target.password) return { url: target, headers: {} }
  const credentials = `${decodeURIComponent(target.username)}:${decodeURIComponent(target.password)}`
  target.username = target.password = ''
  return { url: target, headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` } }
}

function encoded(body: FetchOptions['body']): { body?: string | URLSearchParams; headers: Record<string, string> } {
  if (body === undefined) return { headers: {} }
  if (typeof body === 'string' || body instanceof URLSearchParams) return { body, headers: {} }
  return { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
}

async function readBounded(response: Response, maxBytes: number): Promise<{ text: string; isCut: boolean }> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) return { text: text + decoder.decode(chunk.subarray(0, maxBytes - bytes)), isCut: true }
    text += decoder.decode(chunk, { stream: true })
  }
  return { text: text + decoder.decode(), isCut: false }
}

async function refused(response: Response, origin: string): Promise<HttpError> {
  const { text } = await readBounded(response, BODY_SHOWN_BYTES)
  const location = response.headers.get('location')
  const moved = location && response.status < 400 ? `, it has moved; set the address it names` : ''
  const message = `${origin} answered ${response.status} ${response.statusText}`.trimEnd() + moved
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  return new HttpError('status', message, {
    status: response.status,
    body: text,
    ...(Number.isFinite(seconds) && seconds >= 0 && { retryAfterMs: seconds * 1000 }),
  })
}

/** `fetch` says "fetch failed" and hides why in the cause. */
const causeOf = (error: unknown) => (error instanceof TypeError ? (error.cause ?? error) : error)

/** The body is not compressed as its header says. */
function isBadCompression(error: unknown): boolean {
  const { code } = (causeOf(error) ?? {}) as { code?: unknown }
  return typeof code === 'string' && /^(Z_|ERR__?ERROR_FORMAT|ERR_BROTLI)/.test(code)
}

/**
 * One request, sent once: no retries, no redirects (a redirected POST arrives as a GET, a redirected credential at a stranger).
 * @throws HttpError, or the caller's signal's reason
 */
export async function fetchText(address: string | URL, options: FetchOptions = {}): Promise<TextResponse> {
  const { timeoutMs = TIMEOUT_MS, maxBytes = MAX_BYTES, signal } = options
  const { url, headers: credentials } = addressed(address)
  const { body, headers: content } = encoded(options.body)
  const deadline = AbortSignal.timeout(timeoutMs)
  try {
    const response = await fetch(url, {
      method: options.method ?? (body === undefined ? 'GET' : 'POST'),
      headers: { ...content, ...credentials, ...options.headers },
      redirect: 'manual',
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
      ...(body === undefined ? {} : { body }),
    })
    if (!response.ok) throw await refused(response, url.origin)
    if (options.readBody) {
      const text = await options.readBody(response.body ?? Readable.from([]))
      return { status: response.status, headers: response.headers, text }
    }
    const { text, isCut } = await readBounded(response, maxBytes)
    if (isCut) throw new HttpError('too-large', `${url.origin} answered more than ${maxBytes} bytes`)
    return { status: response.status, headers: response.headers, text }
  } catch (error) {
    if (error instanceof HttpError) throw error
    signal?.throwIfAborted()
    if (deadline.aborted)
      throw new HttpError('timeout', `${url.origin} did not answer within ${timeoutMs} ms`, { cause: error })
    if (isBadCompression(error))
      throw new HttpError('malformed', `${url.origin} answered something that is not compressed as it says`, {
        cause: error,
      })
    throw new HttpError('unreachable', `${url.origin} gave no answer: ${explain(causeOf(error))}`, { cause: error })
  }
}

/**
 * The same for an answer that must be JSON; what it holds is for the caller to validate.
 * @throws HttpError, or the caller's signal's reason
 */
export async function fetchJson(address: string | URL, options: FetchOptions = {}): Promise<unknown> {
  const { status, text } = await fetchText(address, {
    ...options,
    headers: { accept: 'application/json', ...options.headers },
  })
  try {
    return JSON.parse(text)
  } catch (error) {
    const { origin } = new URL(address)
    throw new HttpError('malformed', `${origin} answered something that is not JSON`, { status, cause: error })
  }
}
