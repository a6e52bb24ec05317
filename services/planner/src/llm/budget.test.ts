import assert from 'node:assert/strict'
import { COLLECTIONS } from '@kubewise/contracts'
import { VirtualClock } from '@kubewise/testkit'
import { NOW } from '../fixture/objects.ts'
import { testRecord } from '../fixture/record.ts'
import { createBudget, type BudgetLimits } from './budget.ts'

const LIMITS: BudgetLimits = {
  inputUsdPerMillion: 1,
  outputUsdPerMillion: 10,
  tokensPerPlan: 10_000,
  plansPerHour: 5,
  usdPerDay: 0.01,
}
const HOUR = 3_600_000

async function taken(attempts: Promise<void>[]): Promise<number> {
  const outcomes = await Promise.allSettled(attempts)
  return outcomes.filter(({ status }) => status === 'fulfilled').length
}

describe('the budget for models', () => {
  it('holds in plans an hour whoever asks at the same moment, and opens an hour later', async () => {
    await using record = await testRecord()
    const clock = new VirtualClock(NOW)
    const [one, other] = [
      createBudget(record.store, clock, 'prod', LIMITS),
      createBudget(record.store, clock, 'prod', LIMITS),
    ]
    const call = one.price(10, 10)
    const asked = Array.from({ length: 8 }, (_, index) => (index % 2 ? one : other).reserve(call, true))
    assert.equal(await taken(asked), 5)
    await assert.rejects(one.reserve(call, true), { code: 'budget-plans' })
    await one.reserve(call, false)
    await clock.advance(HOUR)
    await one.reserve(call, true)
  })

  it('holds in money a day, and a clock that is set back does not bring a new one', async () => {
    await using record = await testRecord()
    const clock = new VirtualClock(NOW)
    const budget = createBudget(record.store, clock, 'prod', LIMITS)
    const call = budget.price(1000, 400)
    assert.equal(call.microUsd, 5000)
    assert.equal(await taken([1, 2, 3].map(() => budget.reserve(call, false))), 2)
    clock.jump(-48 * HOUR)
    await assert.rejects(budget.reserve(call, false), { code: 'budget-money' })
    clock.jump(96 * HOUR)
    await budget.reserve(call, false)
  })

  it('gets back what was not used, and not what the server does not tell', async () => {
    await using record = await testRecord()
    const budget = createBudget(record.store, new VirtualClock(NOW), 'prod', LIMITS)
    const spent = async () => (await record.store.collection(COLLECTIONS.spend).get('prod'))?.microUsd
    const call = budget.price(1000, 400)
    await budget.reserve(call, true)
    await budget.settle(call, { input: undefined, output: 3 })
    assert.equal(await spent(), 5000)
    await budget.settle(call, { input: 100, output: 10 })
    assert.equal(await spent(), 200)
  })
})
