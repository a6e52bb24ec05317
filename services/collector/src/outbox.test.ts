import assert from 'node:assert/strict'
import { BusError, type Bus } from '@kubewise/bus'
import { subjects } from '@kubewise/contracts'
import { silentLog, systemClock } from '@kubewise/service'
import { eventually } from '@kubewise/testkit'
import { Outbox, type Priority } from './outbox.ts'

/** A bus that can be away; remembers what it stored, each id once. */
function flakyBus() {
  const stored: string[] = []
  const state = { isUp: true, stored }
  const publish: Bus['publish'] = async (_subject, _body, options) => {
    if (!state.isUp) throw new Error('away')
    if (options?.id === 'too-large') throw new BusError('invalid', 'it is too large')
    const id = options?.id ?? ''
    const isDuplicate = stored.includes(id)
    if (!isDuplicate) stored.push(id)
    return { stream: 'S', seq: stored.length, isDuplicate }
  }
  return { ...state, state, bus: { publish } as Bus }
}

describe('Outbox', () => {
  const subject = subjects.control('c', 0)
  function start(capacity: number) {
    const { state, bus } = flakyBus()
    const shed: Priority[] = []
    const stop = new AbortController()
    const outbox = new Outbox({
      bus,
      clock: systemClock,
      log: silentLog,
      capacity,
      onShed: (p) => shed.push(p),
      onSent: () => undefined,
    })
    const running = outbox.run(stop.signal)
    return { state, outbox, shed, stop: async () => (stop.abort(), running) }
  }

  it('sends in order', async () => {
    const { state, outbox, stop } = start(1000)
    for (let i = 0; i < 600; i++) outbox.add(subject, {}, String(i), 'kept')
    await eventually(() => state.stored.length === 600)
    assert.deepEqual(
      state.stored,
      Array.from({ length: 600 }, (_, i) => String(i)),
    )
    await stop()
  })
  it('keeps what matters while the bus is away, sheds Normal events first, then metrics, and tells', async () => {
    const { state, outbox, shed, stop } = start(4)
    state.isUp = false
    for (const [id, priority] of [
      ['w1', 'kept'],
      ['n1', 'normal-event'],
      ['m1', 'metric'],
      ['n2', 'normal-event'],
      ['w2', 'kept'],
      ['w3', 'kept'],
      ['w4', 'kept'],
      ['w5', 'kept'],
    ] as const)
      outbox.add(subject, {}, id, priority)
    assert.deepEqual(shed, ['normal-event', 'normal-event', 'metric'])
    state.isUp = true
    await eventually(() => state.stored.length === 5)
    assert.deepEqual(state.stored, ['w1', 'w2', 'w3', 'w4', 'w5'])
    await stop()
  })
  it('sheds the Normal events of what is critical after all that may be shed', async () => {
    const { state, outbox, shed, stop } = start(2)
    state.isUp = false
    for (const [id, priority] of [
      ['c1', 'critical-event'],
      ['n1', 'normal-event'],
      ['c2', 'critical-event'],
      ['m1', 'metric'],
      ['w1', 'kept'],
    ] as const)
      outbox.add(subject, {}, id, priority)
    assert.deepEqual(shed, ['normal-event', 'metric', 'critical-event'])
    state.isUp = true
    await eventually(() => state.stored.length === 2)
    assert.deepEqual(state.stored, ['c2', 'w1'])
    await stop()
  })
  it('leaves out, counted, what the bus never takes; what is behind it goes on', async () => {
    const { state, outbox, shed, stop } = start(1000)
    for (const id of ['before', 'too-large', 'behind']) outbox.add(subject, {}, id, 'metric')
    await eventually(() => state.stored.length === 2)
    await stop()
    assert.deepEqual(state.stored, ['before', 'behind'])
    assert.deepEqual(shed, ['metric'])
  })
  it('sends what still waits when it is stopped', async () => {
    const { state, outbox, stop } = start(10)
    outbox.add(subject, {}, 'last', 'kept')
    await stop()
    assert.deepEqual(state.stored, ['last'])
  })
})
