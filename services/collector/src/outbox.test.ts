import assert from 'node:assert/strict'
import { BusError, type Bus } from '@kubewise/bus'
import { subjects } from '@kubewise/contracts'
import { silentLog, systemClock } from '@kubewise/service'
import { eventually } from '@kubewise/testkit'
import { Outbox } from './outbox.ts'
import type { Priority } from './waiting-signals.ts'

/** A bus that can be away; remembers what it stored, each id once. */
function flakyBus() {
  const stored: string[] = []
  let answers: (() => void)[] | undefined
  const state = {
    isUp: true,
    stored,
    /** From now on it answers only once it is released. */
    hold: () => (answers = []),
    release() {
      for (const answer of answers ?? []) answer()
      answers = undefined
    },
  }
  const publish: Bus['publish'] = async (_subject, _body, options) => {
    if (answers) await new Promise<void>((resolve) => answers!.push(resolve))
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
      maxBytes: 1e6,
      onShed: (p) => shed.push(p),
      onSent: () => undefined,
    })
    const running = outbox.run(stop.signal)
    return { state, outbox, shed, stop: async () => (stop.abort(), running) }
  }

  it('sends in order', async () => {
    const { state, outbox, stop } = start(1000)
    for (let i = 0; i < 600; i++) outbox.add(subject, {}, String(i), 'state')
    await eventually(() => state.stored.length === 600)
    assert.deepEqual(
      state.stored,
      Array.from({ length: 600 }, (_, i) => String(i)),
    )
    await stop()
  })
  it('sheds by class while the bus is away, and tells', async () => {
    const { state, outbox, shed, stop } = start(4)
    state.isUp = false
    for (const [id, priority] of [
      ['s1', 'state'],
      ['e1', 'normal-event'],
      ['h1', 'history'],
      ['m1', 'metric'],
      ['w1', 'warning'],
      ['s2', 'state'],
      ['m2', 'metric'],
      ['s3', 'state'],
      ['s4', 'state'],
      ['s5', 'state'],
    ] as const)
      outbox.add(subject, {}, id, priority)
    assert.deepEqual(shed, ['history', 'normal-event', 'metric', 'metric', 'warning', 'state'])
    state.isUp = true
    await eventually(() => state.stored.length === 4)
    assert.deepEqual(state.stored, ['s2', 's3', 's4', 's5'])
    await stop()
  })
  it('sheds the Normal events of what is critical after all but Warnings and states', async () => {
    const { state, outbox, shed, stop } = start(2)
    state.isUp = false
    for (const [id, priority] of [
      ['c1', 'critical-event'],
      ['n1', 'normal-event'],
      ['c2', 'critical-event'],
      ['m1', 'metric'],
      ['w1', 'warning'],
    ] as const)
      outbox.add(subject, {}, id, priority)
    assert.deepEqual(shed, ['normal-event', 'metric', 'critical-event'])
    state.isUp = true
    await eventually(() => state.stored.length === 2)
    assert.deepEqual(state.stored, ['c2', 'w1'])
    await stop()
  })
  it('loses nothing uncounted of what is in flight while others are shed', async () => {
    const { state, outbox, shed, stop } = start(2)
    const answers = state.hold()
    for (const id of ['a', 'b']) outbox.add(subject, {}, id, 'metric')
    await eventually(() => answers.length === 2)
    for (const id of ['c', 'd', 'e']) outbox.add(subject, {}, id, 'metric')
    assert.deepEqual(shed, ['metric'])
    state.release()
    await eventually(() => state.stored.length === 4)
    await stop()
    assert.deepEqual(state.stored, ['a', 'b', 'd', 'e'])
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
    outbox.add(subject, {}, 'last', 'state')
    await stop()
    assert.deepEqual(state.stored, ['last'])
  })
})
