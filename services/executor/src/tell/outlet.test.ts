import assert from 'node:assert/strict'
import { createBreaker, readAllowList, type Resolve } from '@kubewise/service'
import { eventually, testKit, VirtualClock } from '@kubewise/testkit'
import { startReceiver } from '../fixture/receiver.ts'
import { isReceiverIll } from './deliver.ts'
import type { Message } from './message.ts'
import { createOutlet } from './outlet.ts'
import type { Receiver } from './receiver.ts'

const SECOND = 1000
const { list: allow } = readAllowList(['127.0.0.1'])

function outletTo(origin: string, given: Partial<Receiver> = {}, resolve?: Resolve) {
  const clock = new VirtualClock()
  const kit = testKit({ clock })
  const circuit = createBreaker('ops', { openMs: 60_000, errorThreshold: 1000, isFailure: isReceiverIll }, kit)
  const receiver: Receiver = {
    name: 'ops',
    kind: 'webhook',
    url: `${origin}/hook`,
    allow,
    mayUseHttp: true,
    groupMs: 5000,
    perMinute: 20,
    ...given,
  }
  const outlet = createOutlet(receiver, { ...kit, circuit, ...(resolve && { resolve }) })
  const taken: string[] = []
  const push = (id: string, happening: Message['happening'] = 'acting', namespace = 'shop') =>
    outlet.push(messageNamed(id, happening, namespace), async () => taken.push(id))
  const figure = async (outcome: string) => {
    const { values = [] } = (await kit.metrics.registry.getSingleMetric('kubewise_notifications_total')?.get()) ?? {}
    return values.find(({ labels }) => labels['outcome'] === outcome && labels['receiver'] === 'ops')?.value
  }
  const stop = async () => {
    kit.abort()
    await outlet.drain()
    outlet.stop()
  }
  return { outlet, clock, kit, push, taken, figure, [Symbol.asyncDispose]: stop }
}

const messageNamed = (id: string, happening: Message['happening'], namespace: string): Message => ({
  id,
  happening,
  namespace,
  text: `${id} ${happening}`,
  cluster: 'test',
  target: 'web',
  incident: `of-${id}`,
  plan: id,
  cause: 'bad-rollout',
  risk: 'low' as const,
  attempt: 1,
  sinceMs: 0,
  reasoning: '',
  say: '',
})

const idsOf = ({ body }: { body: string }) => {
  const { id, messages } = JSON.parse(body) as { id: string; messages?: { id: string }[] }
  return messages?.map((each) => each.id) ?? [id]
}

describe('the way to a receiver', () => {
  it('gathers what one namespace has within the window', async () => {
    await using hook = await startReceiver()
    await using way = outletTo(hook.origin)
    way.push('a')
    way.push('b')
    way.push('elsewhere', 'acting', 'billing')
    await way.clock.advance(4 * SECOND)
    way.push('c')
    assert.equal(hook.received.length, 0)
    await way.clock.advance(SECOND)
    await eventually(() => way.taken.length === 4)
    assert.deepEqual(hook.received.map(idsOf), [['a', 'b', 'c'], ['elsewhere']])
  })

  it('holds nothing back that a person must do now, nor what it belongs to', async () => {
    await using hook = await startReceiver()
    await using way = outletTo(hook.origin)
    way.push('a')
    way.push('b', 'escalated')
    await eventually(() => way.taken.length === 2)
    assert.deepEqual(hook.received.map(idsOf), [['a', 'b']])
  })

  it('sums up what is beyond the rate, and loses nothing', async () => {
    await using hook = await startReceiver()
    await using way = outletTo(hook.origin, { groupMs: 0, perMinute: 8 })
    const ids = Array.from({ length: 120 }, (_, index) => `m${index}`)
    for (const id of ids) way.push(id)
    await eventually(() => way.taken.length === 2 && way.clock.sleepers === 1)
    await way.clock.advance(60 * SECOND)
    await eventually(async () => {
      await way.clock.advance(SECOND)
      return way.taken.length === ids.length
    })
    assert.deepEqual(hook.received.flatMap(idsOf).toSorted(), ids.toSorted())
    assert.equal(hook.received.length, 4, 'two at once, then a hundred in one and the rest')
    assert.equal(await way.figure('sent'), 120)
    assert.ok(((await way.figure('held')) ?? 0) >= 118)
  })

  it('tells each once, and again only when it was not taken', async () => {
    await using hook = await startReceiver([403])
    await using way = outletTo(hook.origin, { groupMs: 0 })
    way.push('a')
    way.push('a')
    await eventually(async () => (await way.figure('failed')) === 1)
    way.push('a')
    assert.equal(hook.received.length, 1, 'a refusal is not repeated at once')
    await way.clock.advance(60 * SECOND)
    way.push('a')
    await eventually(() => way.taken.length === 1)
    way.push('a')
    await eventually(() => way.taken.length === 2)
    assert.equal(hook.received.length, 2, 'what is known to be told is noted, not sent')
  })

  it('leaves a receiver alone as long as it asks', async () => {
    await using hook = await startReceiver([429], { 'retry-after': '30' })
    await using way = outletTo(hook.origin, { groupMs: 0 })
    way.push('a')
    await eventually(async () => (await way.figure('failed')) === 1)
    way.push('b')
    way.push('c')
    await eventually(() => way.clock.sleepers === 1)
    await way.clock.advance(29 * SECOND)
    assert.equal(hook.received.length, 1)
    await way.clock.advance(SECOND)
    await eventually(() => way.taken.length === 2)
    assert.deepEqual(hook.received.slice(1).map(idsOf), [['b', 'c']])
  })

  it('says in its health that nothing is taken, until something is', async () => {
    await using hook = await startReceiver([400])
    await using way = outletTo(hook.origin, { groupMs: 0 })
    const status = () => way.kit.health.report().status
    way.push('a')
    await eventually(() => status() === 'degraded')
    assert.match(way.kit.health.report().checks['receiver ops']?.say ?? '', /answered 400/)
    way.push('b')
    await eventually(() => status() === 'ok')
  })

  it('sends nothing where a name leads inside', async () => {
    await using hook = await startReceiver()
    const inside: Resolve = async () => [{ address: '169.254.169.254', family: 4 }]
    await using way = outletTo(hook.origin, { url: 'https://hooks.example/', groupMs: 0 }, inside)
    way.push('a')
    await eventually(async () => (await way.figure('failed')) === 1)
    assert.match(
      way.kit.health.report().checks['receiver ops']?.say ?? '',
      /nothing is sent to https:\/\/hooks.example/,
    )
  })

  it('sends what waits when it is drained', async () => {
    await using hook = await startReceiver()
    await using way = outletTo(hook.origin, { perMinute: 1 })
    for (const id of ['a', 'b', 'c']) way.push(id, 'acting', id)
    await way.outlet.drain()
    assert.deepEqual(way.taken.toSorted(), ['a', 'b', 'c'])
  })

  it('leaves to the record what is more than it can hold', async () => {
    await using hook = await startReceiver()
    await using way = outletTo(hook.origin)
    for (let index = 0; index < 1100; index++) way.push(`m${index}`, 'acting', `n${index}`)
    assert.equal(await way.figure('failed'), 100)
  })
})
