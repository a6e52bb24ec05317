import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { connectBus, type Bus } from '@kubewise/bus'
import {
  BUCKETS,
  decodeFreshness,
  decodeSignal,
  seriesOf,
  STREAMS,
  type Freshness,
  type Signal,
} from '@kubewise/contracts'
import { RESOURCES, type Kube, type KubernetesObject, type Observer, type Resource } from '@kubewise/kube'
import { scaledClock, type Clock } from '@kubewise/service'
import { eventually, findNats, silentLog, skipWithout, startNats, testKit, type Nats } from '@kubewise/testkit'
import { createCollector, readConfig } from './app.ts'

const NAMES = Array.from({ length: 24 }, (_, i) => `metric_${i}`)
const NAMESPACES = Array.from({ length: 10 }, (_, i) => `team-${i}`)

/** A Prometheus of one collector: every series that it gives has this value. Says what it was asked since it was cleared. */
async function prometheusOf(value: number, clock: Clock) {
  const asked = new Set<string>()
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const query = new URLSearchParams(body).get('query') ?? ''
      const isRange = request.url?.endsWith('query_range')
      if (NAMES.includes(query) && !isRange) asked.add(query)
      const rows = NAMESPACES.map(
        (namespace) => `{"metric":{"namespace":"${namespace}","pod":"p"},"value":[${clock.now() / 1000},"${value}"]}`,
      )
      const result = isRange ? '"matrix","result":[' : `"vector","result":[${NAMES.includes(query) ? rows.join() : ''}`
      response.end(`{"status":"success","data":{"resultType":${result}]}}`)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, asked, close: () => (server.closeAllConnections(), server.close()) }
}

/** A pod in each namespace, where nothing happens; our clock is so far ahead of its own. */
function quietCluster(aheadMs: number): Kube {
  const pods = NAMESPACES.map((namespace) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name: 'p', uid: namespace, resourceVersion: '1' },
    status: { phase: 'Running' },
  }))
  const reflect = <T extends KubernetesObject>(resource: Resource, _options: object, observer: Observer<T>) => ({
    synced: Promise.resolve(observer.onReplace(resource === RESOURCES.Pod ? (pods as unknown as T[]) : [], '1')),
    confirmedMs: () => Date.now(),
    stop: async () => undefined,
  })
  return { reflect, clockSkewMs: () => aheadMs } as unknown as Kube
}

describe('collectors of one cluster', function () {
  skipWithout(findNats(), 'no nats-server found')
  let nats: Nats
  let bus: Bus
  const clock = scaledClock(10)
  const signals: Signal[] = []
  const stops: (() => Promise<unknown>)[] = []
  before(async () => {
    nats = await startNats()
    bus = await connectBus({ url: nats.url, name: 'test', clock, log: silentLog })
    await bus.provision(Object.values(STREAMS), Object.values(BUCKETS))
    bus.replay({
      stream: STREAMS.signals.name,
      filter: 'kubewise.v1.c.in.>',
      from: 1,
      decode: decodeSignal,
      handle: ({ body }) => void signals.push(body),
    })
  })
  after(async () => {
    for (const stop of stops) await stop()
    await bus?.close()
    await nats?.stop()
  })

  /** @param value of all its series, which tells whose they are */
  async function start(value: number, shards: number, aheadMs = 0) {
    const prometheus = await prometheusOf(value, clock)
    const kit = testKit({ clock: { ...clock, now: () => clock.now() + aheadMs } })
    const queries = NAMES.map((name) => ({ name, query: name, interval: 1 }))
    const collector = createCollector(
      { ...kit, bus, record: { open: () => assert.fail('no copies are kept') }, kube: quietCluster(aheadMs) },
      readConfig({
        NATS_URL: nats.url,
        KUBEWISE_CLUSTER: 'c',
        PROM_URL: prometheus.url,
        PROM_QUERIES: JSON.stringify(queries),
        KUBEWISE_NAMESPACE_SHARDS: String(shards),
      }),
    )
    let isOver = false
    const stop = async () => {
      if (isOver) return
      isOver = true
      await collector.stop()
      prometheus.close()
    }
    stops.push(stop)
    await collector.start()
    return { ...prometheus, stop }
  }

  /** Of the newest samples of each series, by whom they were measured. */
  function measurersOf(from: number): Map<string, Set<number>> {
    const by = new Map<string, Set<number>>()
    for (const signal of signals.slice(from))
      if (signal.kind === 'metric-batch') {
        const series = seriesOf(signal)
        for (const [i, of] of signal.of.entries()) {
          const { metric, entity } = series[of]!
          const key = `${metric} ${entity.namespace}`
          by.set(key, (by.get(key) ?? new Set()).add(signal.value[i]!))
        }
      }
    return by
  }

  /** Waits until every series is measured, by one collector each, all of them taking part. */
  async function settled(values: number[]) {
    await eventually(
      async () => {
        const from = signals.length
        await eventually(() => measurersOf(from).size === NAMES.length * NAMESPACES.length)
        const measurers = [...measurersOf(from).values()]
        assert.ok(measurers.every(({ size }) => size === 1))
        assert.deepEqual([...new Set(measurers.flatMap((one) => [...one]))].sort(), values)
        return true
      },
      { timeoutMs: 15_000, say: 'every series is measured once' },
    )
    return measurersOf(0)
  }

  async function freshness(): Promise<Freshness> {
    const decoded = decodeFreshness((await (await bus.kv(BUCKETS.freshness)).get('c'))?.value)
    assert.ok(decoded.ok)
    return decoded.value
  }

  const states = (from: number) => signals.slice(from).filter(({ kind }) => kind === 'object-state').length

  for (const [what, shards] of [
    ['queries', 1],
    ['namespaces', 16],
  ] as const)
    it(`share ${what}, one speaks of objects, and whoever is left does everything`, async () => {
      const begun = signals.length
      const first = await start(1, shards)
      await settled([1])
      assert.equal(states(begun), NAMESPACES.length)
      const second = await start(2, shards)
      await settled([1, 2])
      first.asked.clear()
      second.asked.clear()
      await settled([1, 2])
      const both = [...first.asked].filter((name) => second.asked.has(name))
      if (shards === 1) assert.deepEqual(both, [], 'no query is asked by two')
      else assert.ok(both.length > 0, 'a query is asked by each that has a part of it')
      await eventually(async () => Object.keys((await freshness()).metrics).length === NAMES.length)
      assert.equal(states(begun), NAMESPACES.length, 'the second one says nothing of objects')

      const left = signals.length
      await first.stop()
      await settled([2])
      await eventually(() => states(left) === NAMESPACES.length, { say: 'the second one speaks of objects' })
      await eventually(async () => (await freshness()).writtenMs > clock.now() - 10_000)
      await second.stop()
    }).timeout(60_000)

  it('date by the API server where the own clock is a day off', async () => {
    const begun = signals.length
    const collector = await start(3, 1, 86_400_000)
    await settled([3])
    const isTick = (signal: Signal) => signal.kind === 'control' && signal.change.type === 'tick'
    await eventually(() => signals.slice(begun).some(isTick))
    const dates = signals
      .slice(begun)
      .flatMap((signal) =>
        signal.kind === 'control' ? signal.sentMs : 'observedMs' in signal ? signal.observedMs : [],
      )
    assert.ok(dates.every((ms) => Math.abs(ms - clock.now()) < 3_600_000))
    await collector.stop()
  })
})
