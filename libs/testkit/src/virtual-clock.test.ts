import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { VirtualClock } from './virtual-clock.ts'

describe('VirtualClock', () => {
  it('moves only by advance', async () => {
    const clock = new VirtualClock(1000)
    assert.deepEqual([clock.now(), clock.monotonic()], [1000, 0])
    await clock.advance(500)
    assert.deepEqual([clock.now(), clock.monotonic()], [1500, 500])
  })

  it('wakes sleepers in the order of time, each at its own', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.nat(1000), { maxLength: 8 }), async (rests) => {
        const clock = new VirtualClock(0)
        const woken: [number, number][] = []
        for (const rest of rests) void clock.sleep(rest).then(() => woken.push([rest, clock.now()]))
        await clock.advance(1000)
        assert.deepEqual(
          woken,
          rests.toSorted((a, b) => a - b).map((rest) => [rest, rest]),
        )
        assert.equal(clock.sleepers, 0)
      }),
      { numRuns: 30 },
    ))

  it('lets who wakes sleep and wake again on the way', async () => {
    const clock = new VirtualClock(0)
    const beats: number[] = []
    const loop = async () => {
      while (clock.now() < 300) {
        await clock.sleep(100)
        beats.push(clock.now())
      }
    }
    const done = loop()
    await clock.advance(1000)
    await done
    assert.deepEqual(beats, [100, 200, 300])
  })

  it('leaves asleep whose time has not come', async () => {
    const clock = new VirtualClock()
    let isAwake = false
    void clock.sleep(100).then(() => (isAwake = true))
    await clock.advance(99)
    assert.deepEqual([isAwake, clock.sleepers], [false, 1])
    await clock.advance(1)
    assert.equal(isAwake, true)
  })

  it('forgets a sleeper whose signal aborts, and no other', async () => {
    const clock = new VirtualClock()
    const controller = new AbortController()
    const aborted = assert.rejects(clock.sleep(100, controller.signal), { message: 'enough' })
    const other = clock.sleep(100)
    controller.abort(new Error('enough'))
    await aborted
    assert.equal(clock.sleepers, 1)
    await clock.advance(100)
    await other
  })

  it('lets wall time jump without waking anyone', async () => {
    const clock = new VirtualClock(0)
    void clock.sleep(100)
    clock.jump(-5000)
    assert.deepEqual([clock.now(), clock.monotonic(), clock.sleepers], [-5000, 0, 1])
  })
})
