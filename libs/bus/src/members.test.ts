import assert from 'node:assert/strict'
import type { BucketSpec } from '@kubewise/contracts'
import { systemClock } from '@kubewise/service'
import { eventually, silentLog, type Nats } from '@kubewise/testkit'
import * as fc from 'fast-check'
import { onEachServer, openBus } from './each-server.ts'
import { join, ownerOf, wordsOf } from './members.ts'
import type { Bus } from './port.ts'

const LEASES: BucketSpec = { name: 'leases', history: 1, ttlMs: 1000 }

function start(bus: Bus, member: string) {
  const stop = new AbortController()
  const seen = { members: [] as readonly string[], isOver: false, stop: () => stop.abort(new Error('enough')) }
  void join({
    leases: () => bus.kv(LEASES),
    prefix: 'work-',
    member,
    beatMs: 100,
    clock: systemClock,
    log: silentLog,
    signal: stop.signal,
    say: () => ({ i: member }),
    onMembers: (members) => (seen.members = members),
  }).then(() => (seen.isOver = true))
  return seen
}

onEachServer('members', (startNats) => {
  let nats: Nats
  beforeEach(async () => {
    nats = await startNats()
  })
  afterEach(() => nats?.stop())

  it('know who is there, what each says, and who has gone', async () => {
    await using bus = await openBus(nats)
    const kv = await bus.kv(LEASES)
    await kv.put('other-c', {})
    const [a, b] = [start(bus, 'a'), start(bus, 'b')]
    for (const one of [a, b]) await eventually(() => one.members.join() === 'a,b')
    assert.deepEqual(await wordsOf(kv, 'work-'), [
      { member: 'a', word: { i: 'a' } },
      { member: 'b', word: { i: 'b' } },
    ])
    a.stop()
    await eventually(() => a.isOver && b.members.join() === 'b', { say: 'it is told that a has gone' })
    b.stop()
    await eventually(() => b.isOver)
    assert.deepEqual(await wordsOf(kv, 'work-'), [])
  })

  it('are believed no longer than their word lives', async () => {
    await using bus = await openBus(nats)
    await (await bus.kv(LEASES)).put('work-dead', {})
    const a = start(bus, 'a')
    await eventually(() => a.members.join() === 'a,dead')
    await eventually(() => a.members.join() === 'a')
    a.stop()
    await eventually(() => a.isOver)
  })

  it('believe each other while the server is away, and go on when it is back', async () => {
    await using bus = await openBus(nats)
    const [a, b] = [start(bus, 'a'), start(bus, 'b')]
    await eventually(() => a.members.join() === 'a,b')
    await nats.kill()
    await nats.restart()
    const kv = await bus.kv(LEASES)
    await eventually(async () => (await wordsOf(kv, 'work-')).length === 2)
    assert.deepEqual([a.members, a.isOver], [['a', 'b'], false])
    a.stop()
    b.stop()
    await eventually(() => a.isOver && b.isOver)
  })
})

describe('ownerOf', () => {
  const members = fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 8 })
  it('gives work to one that is there, whatever the order they are told in', () => {
    fc.assert(
      fc.property(fc.string(), members, (work, names) => {
        const owner = ownerOf(work, names)
        assert.ok(owner !== undefined && names.includes(owner))
        assert.equal(ownerOf(work, names.toReversed()), owner)
      }),
    )
  })
  it('moves work only to who comes', () => {
    fc.assert(
      fc.property(fc.string(), members, fc.uuid(), (work, names, newcomer) => {
        const after = ownerOf(work, [...names, newcomer])
        assert.ok(after === ownerOf(work, names) || after === newcomer)
      }),
    )
  })
  it('is nobody where nobody is', () => assert.equal(ownerOf('a', []), undefined))
})
