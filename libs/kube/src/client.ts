import type { Clock, Logger, Metrics } from '@kubewise/service'
import { SECONDS_BUCKETS } from '@kubewise/service'
import { parseJson, readBody } from './body.ts'
import { codeOf, isRecord, KubeError, kindOfStatus, parseRetryAfter, parseStatus } from './errors.ts'
import type { Incoming, Outgoing, Transport } from './transport.ts'

const MIB = 2 ** 20
/** etcd holds no object above 1.5 MiB by default; a page of a list may hold hundreds. */
const LONGEST_OBJECT_BYTES = 8 * MIB
const LONGEST_LIST_BYTES = 256 * MIB

export interface Call extends Outgoing {
  /** For the figures: the plural of the resource, or what else is asked. */
  what: string
  isList?: boolean
  isDryRun?: boolean
}

/** Requests that answer with one JSON document, and the clock of the server that each answer carries. */
export interface Client {
  /**
   * @param read makes something of the document; throws KubeError `malformed` for one that is not what was asked for
   * @throws KubeError for everything that is not a 2xx with such a document
   */
  json<T>(call: Call, read: (document: Record<string, unknown>) => T): Promise<T>
  /** For streams: gives the answer once its status is 200. */
  stream<T>(call: Call, read: (incoming: Incoming, release: () => void) => Promise<T>): Promise<T>
  clockSkewMs(): number | undefined
}

/**
 * How far our clock is ahead of the server's, from its `Date`, which has whole seconds and was written at some moment
 * between sending and receiving. Zero when any moment fits: a slow answer is not a wrong clock.
 */
export function skewMs(date: string | undefined, sentMs: number, receivedMs: number): number | undefined {
  const serverMs = date === undefined ? Number.NaN : Date.parse(date)
  if (Number.isNaN(serverMs)) return undefined
  if (sentMs > serverMs + 999) return sentMs - (serverMs + 999)
  if (receivedMs < serverMs) return receivedMs - serverMs
  return 0
}

/** Turns an answer that is not a 2xx into the error it stands for; a body that is no Status only costs the message. */
async function refusalOf(call: Call, incoming: Incoming, nowMs: number): Promise<KubeError> {
  const { status, message: answer } = incoming
  const body = await readBody(answer, MIB).then(
    (bytes) => parseStatus(tryParse(bytes)),
    () => parseStatus(undefined),
  )
  const retryAfterMs = parseRetryAfter(answer.headers['retry-after'], nowMs) ?? body.retryAfterMs
  const mayHaveHappened = status >= 500 || status === 408
  return new KubeError({
    kind: kindOfStatus(status, body.reason),
    status,
    reason: body.reason ?? `Http${status}`,
    message:
      `${call.method} ${call.path}: ${status} ${body.message ?? body.reason ?? answer.statusMessage ?? ''}`.trim(),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    // etcd's own timeouts and a proxy's come as 500 to 504, after the write may have been stored.
    isOutcomeUnknown: call.isWrite === true && mayHaveHappened,
  })
}

function tryParse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}

/** A 2xx that cannot be read: for a write, it was done, but the answer is lost. */
function unreadable(call: Call, status: number, error: unknown): unknown {
  if (!(error instanceof KubeError) || error.kind !== 'malformed') return error
  const { reason, message } = error
  return new KubeError({
    kind: 'malformed',
    status,
    reason,
    message: `${call.method} ${call.path}: ${message}`,
    isOutcomeUnknown: call.isWrite === true,
  })
}

export function createClient(
  transport: Transport,
  { clock, log, metrics }: { clock: Clock; log: Logger; metrics?: Metrics | undefined },
): Client {
  let skew: number | undefined
  const seconds = metrics?.histogram(
    'kubewise_kube_request_seconds',
    'Requests to the Kubernetes API, by verb, resource and outcome (2xx or the kind of error).',
    SECONDS_BUCKETS,
    { verb: [], resource: [], outcome: [] },
  )

  function noticeDate(incoming: Incoming): void {
    skew = skewMs(incoming.message.headers.date, incoming.sentMs, incoming.headersMs) ?? skew
  }

  async function counted<T>(call: Call, run: () => Promise<T>): Promise<T> {
    const startedMs = clock.monotonic()
    let outcome = '2xx'
    try {
      return await run()
    } catch (error) {
      outcome = error instanceof KubeError ? error.kind : 'bug'
      throw error
    } finally {
      const labels = { verb: call.method.toLowerCase(), resource: call.what, outcome }
      seconds?.observe(labels, (clock.monotonic() - startedMs) / 1000)
      log.debug({ ...labels, path: call.path }, 'kubernetes request')
    }
  }

  /** A dry run changes nothing, so it is a write in form only. */
  const outgoing = (call: Call): Outgoing => ({ ...call, isWrite: call.isWrite === true && call.isDryRun !== true })

  function json<T>(call: Call, read: (document: Record<string, unknown>) => T): Promise<T> {
    const sent = { ...call, ...outgoing(call), acceptsGzip: true }
    return counted(call, () =>
      transport.exchange(sent, async (incoming) => {
        noticeDate(incoming)
        if (incoming.status < 200 || incoming.status > 299) throw await refusalOf(sent, incoming, clock.now())
        try {
          const bytes = await readBody(incoming.message, call.isList ? LONGEST_LIST_BYTES : LONGEST_OBJECT_BYTES)
          const value = parseJson(bytes, 'answer')
          if (isRecord(value)) return read(value)
          throw new KubeError({ kind: 'malformed', reason: 'NotAnObject', message: 'expected a JSON object' })
        } catch (error) {
          throw unreadable(sent, incoming.status, badGzip(error))
        }
      }),
    )
  }

  function stream<T>(call: Call, read: (incoming: Incoming, release: () => void) => Promise<T>): Promise<T> {
    return transport.exchange(call, async (incoming, release) => {
      noticeDate(incoming)
      if (incoming.status !== 200) throw await refusalOf(call, incoming, clock.now())
      return read(incoming, release)
    })
  }

  return { json, stream, clockSkewMs: () => skew }
}

function badGzip(error: unknown): unknown {
  const code = codeOf(error)
  if (!code.startsWith('Z_')) return error
  return new KubeError({ kind: 'malformed', reason: code, message: 'answer is not valid gzip', cause: error })
}
