import assert from 'node:assert/strict'
import { watch } from '../fixture/checker.ts'
import { placesIn } from '../fixture/places.ts'
import { SCENARIOS, type Scenario } from '../fixture/scenarios.ts'
import { SECOND, untilSettled } from '../fixture/world.ts'

/** Runs a scenario with a process that dies at one place, and another that takes over. */
async function runDyingAt({ make }: Scenario, label?: string, nth = 1) {
  const { world, plan } = await make()
  const checker = watch(world)
  const first = await world.start()
  first.diesAt = (passed, count) => passed === label && count === nth
  void world.propose(plan).catch(() => undefined)
  await world.clock.advance(SECOND)
  if (label !== undefined) await world.start()
  const execution = await untilSettled(world, plan, 12)
  await world.clock.advance(5 * SECOND)
  await world.stop()
  return { world, execution, first, violations: checker.finish() }
}

describe('a process that dies', () => {
  for (const scenario of SCENARIOS)
    it(`at any place of ${scenario.name}: each effect happens once, and it ends as it would have`, async () => {
      const calm = await runDyingAt(scenario)
      assert.equal(calm.execution.status, scenario.ends, JSON.stringify(calm.execution.refusal ?? calm.execution.say))
      assert.deepEqual(calm.violations, [])
      for (const { label, nth } of placesIn(calm.first.passed)) {
        const { world, execution, first, violations } = await runDyingAt(scenario, label, nth)
        const place = `${label}, ${nth}. time`
        assert.equal(first.isAlive, false, `it died at ${place}`)
        assert.deepEqual(violations, [], place)
        assert.equal(execution.status, scenario.ends, `${place}: ${execution.say}`)
        const open = execution.steps.filter(({ status }) => status === 'intent' || status === 'sent')
        assert.deepEqual(open, [], `${place}: what was sent is looked for`)
        assert.equal(world.cluster.landed().length, calm.world.cluster.landed().length, place)
      }
    })

  it('passes at least eight places in a step', async () => {
    const { first } = await runDyingAt(SCENARIOS[0]!)
    assert.ok(new Set(first.passed).size >= 8, [...new Set(first.passed)].join(' '))
  })
})
