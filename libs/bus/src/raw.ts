import { connect, type NatsConnection } from '@nats-io/transport-node'
import { jetstream, jetstreamManager, type JetStreamClient, type JetStreamManager } from '@nats-io/jetstream'
import type { Nats } from '@kubewise/testkit'

/** The client without the bus, for tests: what outsiders, operators and broken publishers do. */
export interface Raw extends AsyncDisposable {
  nc: NatsConnection
  js: JetStreamClient
  jsm: JetStreamManager
}

export async function openRaw({ url }: Nats): Promise<Raw> {
  const nc = await connect({ servers: url })
  return { nc, js: jetstream(nc), jsm: await jetstreamManager(nc), [Symbol.asyncDispose]: () => nc.close() }
}
