import assert from 'node:assert/strict'
import { eventually, testKit } from '@kubewise/testkit'
import { BreakerOpenError, createBreaker, DeadlineError, type Breaker, type BreakerOptions } from './breaker.ts'

const ILL = () => Promise.reject(new Error('connect ECONNREFUSED'))
const WELL = () => Promise.resolve('answer')

function setUp(options: Partial<BreakerOptions> = {}) {
  const kit = testKit()
  const breaker = createBreaker('prometheus', { timeoutMs: 1000, openMs: 60_000, errorThreshold: 5, ...options }, kit)
  const gauge = async () =>
    /kubewise_breaker_state\{target="prometheus"\} (\d)/.exec(await kit.metrics.registry.metrics())?.[1]
  return { kit, breaker, gauge }
}

async function fail(breaker: Breaker, times: number): Promise<void> {
  for (let time = 0; time < times; time++) await assert.rejects(breaker.run(ILL), /ECONNREFUSED/)
}

describe('createBreaker', () => {
  it('lets answers and errors through', async () => {
    const { breaker } = setUp()
    assert.equal(await breaker.run(WELL), 'answer')
    await fail(breaker, 1)
    breaker.stop()
  })

  it('opens at its threshold, not before, and then spares the dependency', async () => {
    const { breaker, gauge, kit } = setUp()
    assert.equal(await gauge(), '0')
    await fail(breaker, 4)
    assert.equal(breaker.state(), 'closed')
    await fail(breaker, 1)
    assert.equal(breaker.state(), 'open')
    assert.equal(await gauge(), '1')
    assert.equal(kit.health.report().status, 'degraded')

    let wasAsked = false
    const asked = breaker.run(async () => void (wasAsked = true))
    await assert.rejects(asked, (error) => {
      assert.ok(error instanceof BreakerOpenError)
      assert.match(error.message, /^prometheus was not asked.*connect ECONNREFUSED/)
      return true
    })
    assert.equal(wasAsked, false)
    breaker.stop()
    assert.equal(kit.health.report().status, 'ok')
  })

  it('stays closed while most calls succeed', async () => {
    const { breaker } = setUp()
    for (let round = 0; round < 10; round++) {
      await breaker.run(WELL)
      await breaker.run(WELL)
      await fail(breaker, 1)
    }
    assert.equal(breaker.state(), 'closed')
    breaker.stop()
  })

  it('does not count what the dependency answers by design', async () => {
    const { breaker } = setUp({ isFailure: (error) => !(error as Error).message.startsWith('409') })
    for (let round = 0; round < 20; round++)
      await assert.rejects(
        breaker.run(() => Promise.reject(new Error('409 conflict'))),
        /409/,
      )
    assert.equal(breaker.state(), 'closed')
    breaker.stop()
  })

  it('lets one call try when half open: its success closes', async () => {
    const { breaker, gauge, kit } = setUp({ openMs: 10 })
    await fail(breaker, 5)
    await eventually(() => breaker.state() === 'half-open')
    assert.equal(await gauge(), '2')
    const { promise, resolve } = Promise.withResolvers<string>()
    const probe = breaker.run(() => promise)
    await assert.rejects(breaker.run(WELL), BreakerOpenError)
    resolve('answer')
    assert.equal(await probe, 'answer')
    assert.equal(breaker.state(), 'closed')
    assert.equal(await gauge(), '0')
    assert.equal(kit.health.report().status, 'ok')
    breaker.stop()
  })

  it('opens again when that call fails', async () => {
    const { breaker } = setUp({ openMs: 10 })
    await fail(breaker, 5)
    await eventually(() => breaker.state() === 'half-open')
    await fail(breaker, 1)
    assert.notEqual(breaker.state(), 'closed')
    breaker.stop()
  })

  it('closes again when that call is answered with a refusal by design', async () => {
    const { breaker } = setUp({ openMs: 10, isFailure: (error) => !(error as Error).message.startsWith('404') })
    await fail(breaker, 5)
    await eventually(() => breaker.state() === 'half-open')
    await assert.rejects(
      breaker.run(() => Promise.reject(new Error('404'))),
      /404/,
    )
    assert.equal(breaker.state(), 'closed')
    breaker.stop()
  })

  it('ends a call that takes too long, tells it by its signal, and leaves its neighbours alone', async () => {
    const { breaker } = setUp({ timeoutMs: 50 })
    const late: AbortSignal[] = []
    const neighbours: AbortSignal[] = []
    const hangs = breaker.run((signal) => {
      late.push(signal)
      return new Promise(() => undefined)
    })
    const neighbour = breaker.run(async (signal) => {
      neighbours.push(signal)
      return 'answer'
    })
    await assert.rejects(
      hangs,
      (error) => error instanceof DeadlineError && error.message === 'prometheus did not answer within 50 ms',
    )
    assert.equal(await neighbour, 'answer')
    assert.equal(late[0]?.aborted, true)
    assert.equal(neighbours[0]?.aborted, false)
    breaker.stop()
  })

  it('sets no deadline where none is given', async () => {
    const breaker = createBreaker('prometheus', { openMs: 60_000, errorThreshold: 5 }, testKit())
    const { promise, resolve } = Promise.withResolvers<string>()
    const slow = breaker.run(() => promise)
    resolve('answer')
    assert.equal(await slow, 'answer')
    breaker.stop()
  })

  it('says for how long it will refuse', async () => {
    const { breaker } = setUp({ openMs: 60_000 })
    await fail(breaker, 5)
    await assert.rejects(breaker.run(WELL), (error) => {
      assert.ok(error instanceof BreakerOpenError)
      assert.ok(error.retryAfterMs > 30_000 && error.retryAfterMs <= 60_000, String(error.retryAfterMs))
      return true
    })
    breaker.stop()
  })

  it('takes an error that tells nothing neither for a failure nor, when half open, for a success', async () => {
    const { breaker } = setUp({
      openMs: 10,
      isFailure: (error) => ((error as Error).message === 'given up' ? undefined : true),
    })
    const giveUp = () => assert.rejects(breaker.run(() => Promise.reject(new Error('given up'))))
    for (let time = 0; time < 10; time++) await giveUp()
    assert.equal(breaker.state(), 'closed')
    await fail(breaker, 11)
    await eventually(() => breaker.state() === 'half-open')
    await giveUp()
    assert.notEqual(breaker.state(), 'closed')
    breaker.stop()
  })

  it('takes a task that throws at once for a failed call', async () => {
    const { breaker } = setUp()
    const task = (): Promise<never> => {
      throw new Error('at once')
    }
    await assert.rejects(breaker.run(task), /at once/)
    breaker.stop()
  })
})
