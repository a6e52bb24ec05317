import assert from 'node:assert/strict'
import { createSlots } from './slots.ts'

describe('slots', () => {
  it('are taken up to their number, then in line', async () => {
    const slots = createSlots(2)
    const order: number[] = []
    const takers = [0, 1, 2, 3].map((n) => slots.take().then(() => order.push(n)))
    await Promise.all(takers.slice(0, 2))
    assert.deepEqual([order, slots.free()], [[0, 1], 0])
    slots.give()
    await takers[2]
    slots.give()
    await takers[3]
    assert.deepEqual(order, [0, 1, 2, 3])
  })

  it('tell when one is free and when all are', async () => {
    const slots = createSlots(2)
    await slots.whenIdle()
    await slots.take()
    await slots.whenFree()
    await slots.take()
    const events: string[] = []
    const free = slots.whenFree().then(() => events.push('free'))
    const idle = slots.whenIdle().then(() => events.push('idle'))
    slots.give()
    await free
    assert.deepEqual(events, ['free'])
    slots.give()
    await idle
    assert.deepEqual(events, ['free', 'idle'])
  })

  it('go to who waits before they count as free', async () => {
    const slots = createSlots(1)
    await slots.take()
    const waiting = slots.take()
    slots.give()
    assert.equal(slots.free(), 0)
    await waiting
    slots.give()
    assert.equal(slots.free(), 1)
  })
})
