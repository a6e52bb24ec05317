import { Agent as HttpAgent, request as requestHttp, type ClientRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import type { Clock } from '@kubewise/service'
import type { ClusterAccess, Credentials } from './access.ts'
import { cleanText, codeOf, KubeError } from './errors.ts'

export interface Outgoing {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  path: string
  query?: Record<string, string>
  body?: string
  contentType?: string
  /** A write may take effect, so it gets a connection of its own and, once it has left, a failure means "unknown". */
  isWrite?: boolean
  acceptsGzip?: boolean
  signal?: AbortSignal | undefined
}

/** An answer whose status and headers have come; the body still flows. */
export interface Incoming {
  status: number
  message: IncomingMessage
  sentMs: number
  headersMs: number
}

export interface Transport {
  /**
   * Sends one request and gives its answer to `read`; the deadline covers credentials, connection, headers and `read`,
   * unless `read` calls `release`, after which only the signal ends it.
   *
   * @throws KubeError `unreachable`, `timeout`, `unauthorized`, or whatever `read` throws
   */
  exchange<T>(outgoing: Outgoing, read: (incoming: Incoming, release: () => void) => Promise<T>): Promise<T>
  close(): void
}

export interface TransportOptions {
  access: ClusterAccess
  clock: Clock
  timeoutMs: number
  userAgent: string
}

const SENT_BEFORE_FAILURE_TEXT = 'the request may have taken effect'

/** Follows how far a request got: before it was connected, nothing can have happened at the server. */
interface Attempt {
  isSent: boolean
}

function connectionError(error: unknown, what: string, isOutcomeUnknown: boolean): KubeError {
  const code = codeOf(error)
  const message = error instanceof Error ? error.message : String(error)
  const why = message.includes(code) ? message : `${code} ${message}`
  return new KubeError({
    kind: 'unreachable',
    reason: code || 'Connection',
    message: `${what}: ${cleanText(why || 'connection failed', 300)}${isOutcomeUnknown ? `; ${SENT_BEFORE_FAILURE_TEXT}` : ''}`,
    isOutcomeUnknown,
    cause: error,
  })
}

function expired(what: string, timeoutMs: number, isOutcomeUnknown: boolean): KubeError {
  const message = `${what}: no complete answer in ${timeoutMs} ms${isOutcomeUnknown ? `; ${SENT_BEFORE_FAILURE_TEXT}` : ''}`
  return new KubeError({ kind: 'timeout', reason: 'Deadline', message, isOutcomeUnknown })
}

function aborted(what: string, isOutcomeUnknown: boolean, cause: unknown): KubeError {
  const message = `${what}: given up by the caller${isOutcomeUnknown ? `; ${SENT_BEFORE_FAILURE_TEXT}` : ''}`
  return new KubeError({ kind: 'timeout', reason: 'Aborted', message, isOutcomeUnknown, cause })
}

/** Marks the attempt as sent once the connection (with TLS, where there is) stands; a proxy's connection stands already. */
function followSocket(request: ClientRequest, attempt: Attempt, isTls: boolean): void {
  request.once('socket', (socket) => {
    if (!socket.connecting) {
      attempt.isSent = true
      return
    }
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      attempt.isSent = true
    })
  })
}

function headersOf(outgoing: Outgoing, credentials: Credentials, userAgent: string): Record<string, string> {
  return {
    Accept: 'application/json',
    'Accept-Encoding': outgoing.acceptsGzip ? 'gzip' : 'identity',
    'User-Agent': userAgent,
    ...(outgoing.body === undefined
      ? {}
      : {
          'Content-Type': outgoing.contentType ?? 'application/json',
          'Content-Length': String(Buffer.byteLength(outgoing.body)),
        }),
    ...credentials.headers,
  }
}

/** HTTP to one cluster. Redirects are not followed and nothing is sent twice, but for a read that met a stale connection. */
export function createTransport({ access, clock, timeoutMs, userAgent }: TransportOptions): Transport {
  const isTls = access.server.protocol === 'https:'
  const prefix = access.server.pathname.replace(/\/$/, '')
  const Agent = isTls ? HttpsAgent : HttpAgent
  const kept = new Agent({ keepAlive: true, keepAliveMsecs: 30_000, maxFreeSockets: 64 })
  // A kept connection can be closed by the server just as we use it, and then nobody knows whether a write arrived.
  const fresh = new Agent({ keepAlive: false })

  function start(outgoing: Outgoing, credentials: Credentials, signal: AbortSignal): ClientRequest {
    const search = new URLSearchParams(outgoing.query).toString()
    return (isTls ? requestHttps : requestHttp)({
      protocol: access.server.protocol,
      hostname: access.server.hostname.replace(/^\[|\]$/g, ''),
      port: access.server.port || (isTls ? 443 : 80),
      method: outgoing.method,
      path: `${prefix}${outgoing.path}${search === '' ? '' : `?${search}`}`,
      headers: headersOf(outgoing, credentials, userAgent),
      agent: credentials.proxy ?? (outgoing.isWrite ? fresh : kept),
      signal,
      ...credentials.tls,
    })
  }

  async function answer(outgoing: Outgoing, attempt: Attempt, signal: AbortSignal): Promise<Incoming> {
    const credentials = await withSignal(access.authorize(), signal)
    for (let isRetry = false; ; isRetry = true) {
      const sentMs = clock.now()
      const request = start(outgoing, credentials, signal)
      followSocket(request, attempt, isTls)
      try {
        const message = await headersFrom(request, outgoing.body)
        return { status: message.statusCode ?? 0, message, sentMs, headersMs: clock.now() }
      } catch (error) {
        const isStale = request.reusedSocket && codeOf(error) === 'ECONNRESET'
        if (!isStale || isRetry || outgoing.isWrite || signal.aborted) throw error
      }
    }
  }

  async function exchange<T>(
    outgoing: Outgoing,
    read: (incoming: Incoming, release: () => void) => Promise<T>,
  ): Promise<T> {
    const what = `${outgoing.method} ${access.server.host}${outgoing.path}`
    const attempt: Attempt = { isSent: false }
    const ending = new AbortController()
    const deadline = setTimeout(() => ending.abort('deadline'), timeoutMs)
    const onAbort = () => ending.abort('caller')
    outgoing.signal?.addEventListener('abort', onAbort, { once: true })
    if (outgoing.signal?.aborted) onAbort()
    try {
      const incoming = await answer(outgoing, attempt, ending.signal)
      if (incoming.status === 401) access.forget()
      try {
        return await read(incoming, () => clearTimeout(deadline))
      } finally {
        if (!incoming.message.complete) incoming.message.destroy()
      }
    } catch (error) {
      const isOutcomeUnknown = attempt.isSent && outgoing.isWrite === true
      if (ending.signal.reason === 'deadline') throw expired(what, timeoutMs, isOutcomeUnknown)
      if (ending.signal.aborted) throw aborted(what, isOutcomeUnknown, outgoing.signal?.reason)
      throw error instanceof KubeError ? error : connectionError(error, what, isOutcomeUnknown)
    } finally {
      clearTimeout(deadline)
      outgoing.signal?.removeEventListener('abort', onAbort)
    }
  }

  return {
    exchange,
    close() {
      kept.destroy()
      fresh.destroy()
    },
  }
}

function headersFrom(request: ClientRequest, body: string | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve)
    // Stays for the whole life of the request: an error after the headers comes here too, and the body's reader has it.
    request.on('error', reject)
    request.end(body)
  })
}

function withSignal<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(new Error('aborted'))
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
