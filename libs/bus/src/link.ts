import { setMaxListeners } from 'node:events'
import { jetstream, jetstreamManager, type JetStreamClient, type JetStreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import type { Clock, Logger } from '@kubewise/service'
import { asBusError, BusError } from './errors.ts'

export type LinkStatus = 'connected' | 'disconnected' | 'closed'

/** How long a request waits for a connection that is down before it says so. */
const CONNECTION_WAIT_MS = 2000
const REQUEST_TIMEOUT_MS = 5000

/** The connection with what is known of its state; everything in this package talks to the server through it. */
export interface Link {
  readonly nc: NatsConnection
  readonly js: JetStreamClient
  readonly jsm: JetStreamManager
  readonly clock: Clock
  readonly log: Logger
  /** Aborts when the connection is closed for good. */
  readonly closed: AbortSignal
  isConnected(): boolean
  /** Grows with every connection: what was known about streams and consumers has to be looked at again. */
  epoch(): number
  /** @returns whether there is a connection, at once or within `waitMs`; false also when the signal aborts */
  untilConnected(waitMs: number, signal?: AbortSignal): Promise<boolean>
  /** @returns how to stop listening */
  onStatus(listener: (status: LinkStatus) => void): () => void
  /**
   * One request: waits for the connection, and fails as `timeout` the moment it is lost instead of when time is up.
   * @throws BusError
   */
  call<T>(doing: string, request: () => Promise<T>): Promise<T>
}

export async function createLink(nc: NatsConnection, clock: Clock, log: Logger): Promise<Link> {
  const js = jetstream(nc, { timeout: REQUEST_TIMEOUT_MS })
  const jsm = await jetstreamManager(nc, { timeout: REQUEST_TIMEOUT_MS, checkAPI: false })
  const listeners = new Set<(status: LinkStatus) => void>()
  const interrupts = new Set<() => void>()
  const closing = new AbortController()
  // Every reader listens, and there may be one for each partition.
  setMaxListeners(0, closing.signal)
  let isConnected = true
  let epoch = 1

  function change(status: LinkStatus) {
    isConnected = status === 'connected'
    if (isConnected) epoch++
    else for (const interrupt of interrupts) interrupt()
    if (status === 'closed') closing.abort(new BusError('closed', 'the bus was closed'))
    for (const listener of listeners) listener(status)
  }

  async function follow() {
    for await (const status of nc.status()) {
      if (status.type === 'disconnect') change('disconnected')
      else if (status.type === 'reconnect') change('connected')
      else if (status.type === 'error') log.warn({ err: status.error }, 'nats server reports an error')
    }
  }

  function untilConnected(waitMs: number, signal?: AbortSignal): Promise<boolean> {
    if (isConnected || signal?.aborted || closing.signal.aborted) return Promise.resolve(isConnected)
    const over = new AbortController()
    const signals = AbortSignal.any([over.signal, closing.signal, ...(signal ? [signal] : [])])
    const listener = () => isConnected && over.abort()
    listeners.add(listener)
    return clock.sleep(waitMs, signals).then(
      () => (listeners.delete(listener), isConnected),
      () => (listeners.delete(listener), isConnected),
    )
  }

  function interruptible<T>(doing: string, request: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const interrupt = () =>
        settle(() => reject(new BusError('timeout', `${doing}: connection lost before the answer`)))
      const settle = (how: () => void) => (interrupts.delete(interrupt), how())
      interrupts.add(interrupt)
      Promise.try(request).then(
        (value) => settle(() => resolve(value)),
        (error: unknown) => settle(() => reject(asBusError(doing, error))),
      )
    })
  }

  // Neither ends by an exception: the iterator is stopped by the client, and `closed` resolves with its error.
  void follow()
  void nc.closed().then((error) => {
    if (error) log.error({ err: error }, 'nats connection was closed')
    change('closed')
  })

  return {
    nc,
    js,
    jsm,
    clock,
    log,
    closed: closing.signal,
    isConnected: () => isConnected,
    epoch: () => epoch,
    untilConnected,
    onStatus(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async call(doing, request) {
      if (closing.signal.aborted) throw new BusError('closed', `${doing}: the bus was closed`)
      if (!(await untilConnected(CONNECTION_WAIT_MS)))
        throw new BusError(closing.signal.aborted ? 'closed' : 'disconnected', `${doing}: not connected to nats`)
      return interruptible(doing, request)
    },
  }
}
