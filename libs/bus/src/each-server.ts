import { STREAMS, subjects, type ConsumerSpec, type Decoder, type StreamSpec, type Target } from '@kubewise/contracts'
import { systemClock } from '@kubewise/service'
import { findNats, silentLog, skipWithout, startNats, type Nats } from '@kubewise/testkit'
import { connectBus, type BusOptions } from './connect.ts'
import type { Bus } from './port.ts'

/** What the tests of this package send: a number, so that it can be counted what arrived. */
export interface Tick {
  n: number
}

export const decodeTick: Decoder<Tick> = (value) =>
  typeof value === 'object' && value !== null && 'n' in value && typeof value.n === 'number'
    ? { ok: true, value: { n: value.n } }
    : { ok: false, errors: ['n: expected a number'] }

export const target: Target = { cluster: 'test', kind: 'Deployment', namespace: 'shop', name: 'web' }

/** A stream for ticks, under one of the house's subjects. */
export const TICKS: StreamSpec = { ...STREAMS.anomalies, name: 'TICKS', maxBytes: 64 * 1024 ** 2 }
export const tickSubject = subjects.anomaly(target)
export const AROUND: StreamSpec[] = [TICKS, STREAMS.dead, STREAMS.advisories]

/** A consumer that loses patience quickly. */
export const tickConsumer = (more: Partial<ConsumerSpec> = {}): ConsumerSpec => ({
  stream: TICKS.name,
  durable: 'reader',
  maxAttempts: 3,
  ackWaitMs: 1000,
  parallel: 4,
  startAt: 'first',
  ...more,
})

export type TestBus = Bus & AsyncDisposable

/** A bus that closes at the end of its scope. */
export async function openBus(nats: Nats, more: Partial<BusOptions> = {}): Promise<TestBus> {
  const bus = await connectBus({ url: nats.url, name: 'test', clock: systemClock, log: silentLog, ...more })
  return { ...bus, [Symbol.asyncDispose]: () => bus.close() }
}

export async function publishTicks(bus: Bus, from: number, to: number): Promise<void> {
  const numbers = Array.from({ length: to - from }, (_, index) => from + index)
  await Promise.all(numbers.map((n) => bus.publish(tickSubject, { n }, { id: `tick-${n}` })))
}

/** Runs a suite on each line of nats-server that a newcomer may have. */
export function onEachServer(what: string, suite: (start: () => Promise<Nats>) => void): void {
  for (const version of ['2.9', '2.14'] as const)
    describe(`${what} on nats-server ${version}`, () => {
      skipWithout(findNats(version), `no nats-server ${version} on this machine`)
      suite(() => startNats({ version }))
    })
}
