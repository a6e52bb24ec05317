import { connect as connectNats, type NatsConnection } from '@nats-io/transport-node'
import { jetstreamManager } from '@nats-io/jetstream'
import { explain, type Clock, type Logger, type Metrics } from '@kubewise/service'
import { addressOf, type Address } from './address.ts'
import { asBusError, BusError } from './errors.ts'
import { createBus } from './bus.ts'
import { createLink } from './link.ts'
import type { Bus } from './port.ts'

export interface BusOptions {
  /** `nats://[USER:PASSWORD@]HOST:PORT`, several joined by commas. */
  url: string
  /** How the connection is called on the server. */
  name: string
  clock: Clock
  log: Logger
  metrics?: Metrics
  /** Ends the attempt to connect; a bus that is there is ended by its `close`. */
  signal?: AbortSignal
}

const CONNECT_TIMEOUT_MS = 5000
/** A connection that died without a word is noticed after two of these. */
const PING_EVERY_MS = 10_000
const FIRST_RECONNECT_MS = 100
const RECONNECT_JITTER_MS = 900

function dial(address: Address, name: string): Promise<NatsConnection> {
  return connectNats({
    ...address.options,
    name,
    timeout: CONNECT_TIMEOUT_MS,
    pingInterval: PING_EVERY_MS,
    maxPingOut: 2,
    maxReconnectAttempts: -1,
    reconnectDelayHandler: () => FIRST_RECONNECT_MS + Math.random() * RECONNECT_JITTER_MS,
    // A server whose credentials are being changed is a server to come back to.
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
  })
}

/** A server without JetStream accepts connections and then never answers what matters. */
async function requireJetStream(nc: NatsConnection, shown: string): Promise<void> {
  try {
    await jetstreamManager(nc, { timeout: CONNECT_TIMEOUT_MS })
  } catch (cause) {
    const error = asBusError('ask for JetStream', cause)
    // Whoever may not ask may still be allowed to work.
    if (error.code === 'refused') return
    throw new BusError(
      'unreachable',
      `nats at ${shown}: expected JetStream, which is off (start nats-server with -js)`,
      { cause },
    )
  }
}

/** Rejects when `signal` aborts; `over` takes the listener away. */
function untilAborted(signal: AbortSignal | undefined, over: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = () => reject(asBusError('connect', signal?.reason))
    if (signal?.aborted) abort()
    else signal?.addEventListener('abort', abort, { once: true, signal: over })
  })
}

/**
 * Connects to NATS with JetStream. From then on the connection is kept for ever: it is made anew whenever it breaks, with
 * jitter, and all consumptions go on by themselves.
 *
 * @throws BusError `unreachable` with the address, without its credentials; `invalid` for an address that is none; the
 *   signal's reason when aborted. Callers try again.
 */
export async function connectBus({ url, name, clock, log, metrics, signal }: BusOptions): Promise<Bus> {
  signal?.throwIfAborted()
  const address = addressOf(url)
  const dialling = dial(address, name)
  const over = new AbortController()
  let nc: NatsConnection
  try {
    nc = await Promise.race([dialling, untilAborted(signal, over.signal)])
    await requireJetStream(nc, address.shown)
  } catch (cause) {
    dialling.then((late) => late.close()).catch(() => undefined)
    signal?.throwIfAborted()
    if (cause instanceof BusError) throw cause
    throw new BusError('unreachable', `nats at ${address.shown} cannot be reached: ${explain(cause)}`, { cause })
  } finally {
    over.abort()
  }
  return createBus(await createLink(nc, clock, log), metrics)
}
