import type { Bus, Consumption } from '@kubewise/bus'
import {
  decodeAnomalyMessage,
  decodeExecutionNotice,
  decodeIncidentNotice,
  STREAMS,
  type Decoder,
} from '@kubewise/contracts'
import type { Clock, Logger } from '@kubewise/service'
import type { Request, Response } from 'express'

const SOURCES = [
  { kind: 'anomaly', stream: STREAMS.anomalies.name, token: 'anomaly', decode: decodeAnomalyMessage },
  { kind: 'incident', stream: STREAMS.incidents.name, token: 'incident', decode: decodeIncidentNotice },
  { kind: 'execution', stream: STREAMS.executions.name, token: 'execution', decode: decodeExecutionNotice },
] as const satisfies readonly { kind: string; stream: string; token: string; decode: Decoder<unknown> }[]

export const LIVE_KINDS = SOURCES.map(({ kind }) => kind)
const REMEMBERED = 1000
const HEARTBEAT_MS = 15_000
const MAX_LISTENERS = 256
/** So that one reader cannot take every place. */
const MAX_LISTENERS_PER_ADDRESS = 32

interface LiveEvent {
  id: string
  kind: string
  body: unknown
}

/** What happens, as it happens, for any number of readers: Server-Sent Events with `Last-Event-ID`. */
export interface LiveStream {
  serve(request: Request, response: Response, kinds: readonly string[]): void
  stop(): Promise<void>
}

export function startLiveStream(bus: Bus, cluster: string, clock: Clock, log: Logger): LiveStream {
  const remembered: LiveEvent[] = []
  const listeners = new Set<{ kinds: readonly string[]; response: Response; address: string | undefined }>()
  const stopping = new AbortController()

  function tell(event: LiveEvent): void {
    remembered.push(event)
    if (remembered.length > REMEMBERED) remembered.shift()
    for (const { kinds, response } of listeners) if (kinds.includes(event.kind)) write(response, event)
  }

  const replays: Consumption[] = SOURCES.map(({ kind, stream, token, decode }) =>
    bus.replay<unknown>({
      stream,
      filter: `kubewise.v1.${cluster}.${token}.>`,
      from: 'new',
      decode,
      handle: ({ seq, body }) => tell({ id: `${kind}-${seq}`, kind, body }),
    }),
  )
  for (const replay of replays)
    replay.done.catch((error: unknown) => !stopping.signal.aborted && log.warn({ err: error }, 'live stream ended'))

  return {
    serve(request, response, kinds) {
      const address = request.socket.remoteAddress
      const ofSame = [...listeners].filter((listener) => listener.address === address).length
      if (listeners.size >= MAX_LISTENERS || ofSame >= MAX_LISTENERS_PER_ADDRESS) {
        response.status(503).set('retry-after', '10').end()
        return
      }
      response
        .status(200)
        .set({ 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
      response.write('retry: 2000\n\n')
      const last = remembered.findIndex(({ id }) => id === request.headers['last-event-id'])
      if (last !== -1)
        for (const event of remembered.slice(last + 1)) if (kinds.includes(event.kind)) write(response, event)
      const listener = { kinds, response, address }
      const ended = new AbortController()
      listeners.add(listener)
      response.once('close', () => {
        listeners.delete(listener)
        ended.abort(new Error('the reader is gone'))
      })
      void beat(response, AbortSignal.any([ended.signal, stopping.signal]))
    },
    async stop() {
      stopping.abort(new Error('the API is stopping'))
      for (const { response } of listeners) response.end()
      await Promise.all(replays.map((replay) => replay.stop()))
    },
  }

  async function beat(response: Response, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await clock.sleep(HEARTBEAT_MS, signal).catch(() => undefined)
      if (!signal.aborted) response.write(': beat\n\n')
    }
  }
}

const MAX_BUFFERED_BYTES = 1024 ** 2

/** A reader too slow to keep up is let go: it comes back with the id of what it saw last. */
function write(response: Response, { id, kind, body }: LiveEvent): void {
  if (response.writableLength > MAX_BUFFERED_BYTES) response.destroy()
  else response.write(`id: ${id}\nevent: ${kind}\ndata: ${JSON.stringify(body)}\n\n`)
}
