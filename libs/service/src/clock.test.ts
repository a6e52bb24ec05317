import assert from 'node:assert/strict'
import { eventually, VirtualClock } from '@kubewise/testkit'
import { every, scaledClock, systemClock, type Clock } from './clock.ts'

const HOUR = 3_600_000

describe('clocks', () => {
  const clocks: [string, Clock][] = [
    ['system', systemClock],
    ['scaled', scaledClock(10)],
    ['virtual', new VirtualClock()],
  ]
  for (const [name, clock] of clocks) {
    it(`${name}: a sleep ends with the signal's reason when it is aborted`, async () => {
      const controller = new AbortController()
      const asleep = clock.sleep(HOUR, controller.signal)
      controller.abort(new Error('enough'))
      await assert.rejects(asleep, { message: 'enough' })
    })
    it(`${name}: a sleep on an aborted signal does not begin`, () =>
      assert.rejects(clock.sleep(HOUR, AbortSignal.abort(new Error('before'))), { message: 'before' }))
  }

  it('system: a sleep lasts as long as it was told', async () => {
    const startedMs = systemClock.monotonic()
    await systemClock.sleep(20)
    assert.ok(systemClock.monotonic() - startedMs >= 19)
  })

  it('scaled: reports its own time, from the start it was given', async () => {
    const startMs = Date.UTC(2025, 0, 1)
    const clock = scaledClock(36_000, startMs)
    await clock.sleep(HOUR)
    assert.ok(clock.now() >= startMs + HOUR - 36_000, `slept until ${clock.now() - startMs} ms after its start`)
    assert.ok(Number.isInteger(clock.now()))
  })

  for (const factor of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
    it(`scaled: refuses a factor of ${factor}`, () =>
      assert.throws(() => scaledClock(factor), { name: 'RangeError', message: new RegExp(`got ${factor}`) }))
})

describe('every', () => {
  const ignore = () => undefined

  it('runs at once and then at each beat, until the signal', async () => {
    const clock = new VirtualClock(0)
    const controller = new AbortController()
    const beats: number[] = []
    const loop = every(clock, 100, controller.signal, () => void beats.push(clock.now()), ignore)
    await clock.advance(250)
    controller.abort()
    await loop
    assert.deepEqual(beats, [0, 100, 200])
  })

  it('takes the time of the task off the rest, and never runs two at a time', async () => {
    const clock = new VirtualClock(0)
    const controller = new AbortController()
    const beats: number[] = []
    const task = (signal: AbortSignal) => {
      beats.push(clock.now())
      return clock.sleep(beats.length === 1 ? 30 : 150, signal)
    }
    const loop = every(clock, 100, controller.signal, task, ignore)
    await clock.advance(270)
    controller.abort()
    await loop
    assert.deepEqual(beats, [0, 100, 250])
  })

  it('goes on after a task that throws, and tells', async () => {
    const clock = new VirtualClock(0)
    const controller = new AbortController()
    const errors: unknown[] = []
    const task = () => {
      throw new Error('broken')
    }
    const loop = every(clock, 100, controller.signal, task, (error) => void errors.push(error))
    await clock.advance(200)
    controller.abort()
    await loop
    assert.equal(errors.length, 3)
  })

  it('does not report the error that aborting caused', async () => {
    const controller = new AbortController()
    const errors: unknown[] = []
    const loop = every(
      systemClock,
      1,
      controller.signal,
      (signal) => systemClock.sleep(HOUR, signal),
      (error) => void errors.push(error),
    )
    controller.abort()
    await loop
    assert.deepEqual(errors, [])
  })

  it('beats on real time', async () => {
    const controller = new AbortController()
    let beats = 0
    const loop = every(systemClock, 1, controller.signal, () => void beats++, ignore)
    await eventually(() => beats >= 3)
    controller.abort()
    await loop
  })
})
