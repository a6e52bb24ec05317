import { lookup as lookUp, type LookupAddress } from 'node:dns'
import { request as requestHttp, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP } from 'node:net'
import { promisify } from 'node:util'
import { explain } from '../explain.ts'
import { HttpError } from '../fetch-json.ts'
import { addressRefusal, isAddressAllowed, isHostAllowed, type AllowList } from './address.ts'

/** All addresses of a host, as they are to be tried. */
export type Resolve = (host: string) => Promise<readonly LookupAddress[]>

export interface PostOptions {
  headers: Record<string, string>
  body: string
  allow: AllowList
  /** Whether plain http may leave the networks that are allowed. */
  mayUseHttp?: boolean
  /** For everything, resolving included; default 5 s. */
  timeoutMs?: number
  signal?: AbortSignal
  /** The machine's resolver unless told. */
  resolve?: Resolve
}

/** Nothing was sent, since the address is none that may be sent to. The message names the host only. */
export class UnsafeAddressError extends Error {
  override readonly name = 'UnsafeAddressError'
}

const TIMEOUT_MS = 5000
/** Nobody needs the answer but to see why; what is longer is cut off. Compressed bytes stay compressed. */
const MAX_ANSWER_BYTES = 64 * 1024

const lookUpAll = promisify(lookUp)
const resolveHere: Resolve = (host) => lookUpAll(host, { all: true, verbatim: true })

/** Where the name leads now, each address looked at: one that is not fit refuses them all. */
async function addressesOf(url: URL, allow: AllowList, resolve: Resolve): Promise<readonly LookupAddress[]> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const family = isIP(host)
  const found = family === 0 ? await resolve(host) : [{ address: host, family }]
  if (found.length === 0) throw new HttpError('unreachable', `${url.origin}: ${host} has no address`)
  const isHostOpen = isHostAllowed(allow, host)
  for (const { address } of found) {
    const refusal = addressRefusal(address, allow, isHostOpen)
    if (refusal) throw new UnsafeAddressError(`nothing is sent to ${url.origin}: ${refusal.say}`)
  }
  return found
}

function refuseUnencrypted(
  url: URL,
  { allow, mayUseHttp = false }: PostOptions,
  found: readonly LookupAddress[],
): void {
  if (url.protocol === 'https:') return
  if (url.protocol !== 'http:') throw new UnsafeAddressError(`nothing is sent to ${url.origin}: expected https`)
  const isInside = isHostAllowed(allow, url.hostname) || found.every(({ address }) => isAddressAllowed(allow, address))
  if (!mayUseHttp && !isInside)
    throw new UnsafeAddressError(
      `nothing is sent to ${url.origin}: expected https, http only to what is on the allow-list`,
    )
}

/** Connects to what was looked at and to nothing else: a name that resolves anew, and otherwise, is not asked again. */
const pinned =
  (found: readonly LookupAddress[]): NonNullable<RequestOptions['lookup']> =>
  (_host, options, answer) => {
    if (options.all) answer(null, [...found])
    else answer(null, found[0]!.address, found[0]!.family)
  }

async function beginning(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    bytes += chunk.byteLength
    if (bytes >= MAX_ANSWER_BYTES) break
  }
  return Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES).toString('utf8')
}

async function judged(response: IncomingMessage, { origin }: URL): Promise<void> {
  const { statusCode: status = 0, statusMessage = '', headers } = response
  // Taken is taken, whatever becomes of the rest of the answer.
  const body = await beginning(response).catch(() => '')
  if (status >= 200 && status < 300) return
  const moved = status < 400 && headers.location ? ', it has moved; set the address it names' : ''
  const seconds = Number(headers['retry-after'] ?? Number.NaN)
  throw new HttpError('status', `${origin} answered ${status} ${statusMessage}`.trimEnd() + moved, {
    status,
    body: body.slice(0, 1024),
    ...(seconds >= 0 && Number.isFinite(seconds) && { retryAfterMs: seconds * 1000 }),
  })
}

function exchange(url: URL, found: readonly LookupAddress[], { headers, body }: PostOptions, signal: AbortSignal) {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const { username, password } = url
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  const options: RequestOptions = {
    method: 'POST',
    // A connection of its own: one that is kept could lead where the name led before.
    agent: false,
    lookup: pinned(found),
    signal,
    headers: {
      'accept-encoding': 'identity',
      ...((username || password) && { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }),
      ...headers,
      'content-length': Buffer.byteLength(body),
    },
  }
  const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, options, resolve)
  request.on('error', reject)
  request.end(body)
  return promise
}

const until = <T>(signal: AbortSignal, task: Promise<T>): Promise<T> => {
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(signal.reason as Error)
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  return Promise.race([task, promise]).finally(() => signal.removeEventListener('abort', onAbort))
}

/**
 * Posts to an address that somebody set, so that it cannot be led to what only we can reach: https, a public address or one
 * that is allowed, looked at before it is connected to and pinned, no redirects, at most 64 KiB read. Sent once, no retries.
 *
 * @throws UnsafeAddressError when nothing was sent; HttpError when it was not taken; or the caller's signal's reason
 * @see OWASP Server-Side Request Forgery Prevention Cheat Sheet
 */
export async function postSafely(address: string, options: PostOptions): Promise<void> {
  const { timeoutMs = TIMEOUT_MS, resolve = resolveHere, allow, signal: caller } = options
  const url = new URL(address)
  const deadline = AbortSignal.timeout(timeoutMs)
  const signal = caller ? AbortSignal.any([caller, deadline]) : deadline
  let response: IncomingMessage | undefined
  try {
    const found = await until(signal, addressesOf(url, allow, resolve))
    refuseUnencrypted(url, options, found)
    response = await exchange(url, found, options, signal)
    await judged(response, url)
  } catch (error) {
    if (error instanceof HttpError || error instanceof UnsafeAddressError) throw error
    caller?.throwIfAborted()
    if (deadline.aborted)
      throw new HttpError('timeout', `${url.origin} did not answer within ${timeoutMs} ms`, { cause: error })
    throw new HttpError('unreachable', `${url.origin} gave no answer: ${explain(error)}`, { cause: error })
  } finally {
    response?.destroy()
  }
}
