import assert from 'node:assert/strict'
import type { BucketSpec } from '@kubewise/contracts'
import { systemClock } from '@kubewise/service'
import { eventually, silentLog, type Nats } from '@kubewise/testkit'
import { onEachServer, openBus } from './each-server.ts'
import { lead } from './lead.ts'
import type { Bus } from './port.ts'

const LEASES: BucketSpec = { name: 'leases', history: 1, ttlMs: 1000 }

/** One that wants to lead; says when it does. */
function contend(bus: Bus, holder: string) {
  const stop = new AbortController()
  const contender = { isLeading: false, isOver: false, stop: () => stop.abort(new Error('the test stops it')) }
  const work = async (signal: AbortSignal) => {
    contender.isLeading = true
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    contender.isLeading = false
  }
  const leases = () => bus.kv(LEASES)
  const options = { leases, key: 'sweep', holder, renewMs: 100, clock: systemClock, log: silentLog }
  void lead({ ...options, signal: stop.signal, work }).then(() => (contender.isOver = true))
  return contender
}

onEachServer('a lease', (start) => {
  let nats: Nats
  beforeEach(async () => {
    nats = await start()
  })
  afterEach(() => nats?.stop())

  it('lets one lead, and the next one when it stops', async () => {
    await using bus = await openBus(nats)
    const first = contend(bus, 'first')
    await eventually(() => first.isLeading)
    const second = contend(bus, 'second')
    const kv = await bus.kv(LEASES)
    await eventually(async () => ((await kv.get('sweep'))?.revision ?? 0) > 3, { say: 'the lease is renewed' })
    assert.deepEqual([first.isLeading, second.isLeading], [true, false])
    first.stop()
    await eventually(() => first.isOver && second.isLeading)
    second.stop()
    await eventually(() => second.isOver)
    assert.equal(await kv.get('sweep'), undefined, 'it is given back')
  })

  it('passes on when its holder is gone without a word', async () => {
    await using bus = await openBus(nats)
    const kv = await bus.kv(LEASES)
    await kv.create('sweep', { holder: 'dead' })
    const next = contend(bus, 'next')
    await eventually(() => next.isLeading)
    next.stop()
    await eventually(() => next.isOver)
  })

  it('ends the work of who has lost it', async () => {
    await using bus = await openBus(nats)
    const first = contend(bus, 'first')
    await eventually(() => first.isLeading)
    const kv = await bus.kv(LEASES)
    await kv.put('sweep', { holder: 'thief' })
    await eventually(() => !first.isLeading)
    await eventually(() => first.isLeading, { say: 'it leads again when the other one is gone' })
    first.stop()
    await eventually(() => first.isOver)
  })

  it('is taken again after the server was away', async () => {
    await using bus = await openBus(nats)
    const first = contend(bus, 'first')
    await eventually(() => first.isLeading)
    await nats.kill()
    await eventually(() => !first.isLeading)
    await nats.restart()
    await eventually(() => first.isLeading)
    first.stop()
    await eventually(() => first.isOver)
  })
})
