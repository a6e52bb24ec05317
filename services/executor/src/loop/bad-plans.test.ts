import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { COLLECTIONS } from '@kubewise/contracts'
import { badPlans } from '../fixture/bad-plans.ts'
import { SECOND } from '../fixture/world.ts'

const RUNS = 1000

describe('plans that must not be carried out', () => {
  it(`are refused, each for its reason, without one write (${RUNS} plans)`, async function refused() {
    this.timeout(180_000)
    await fc.assert(
      fc.asyncProperty(badPlans, async ({ name, make }) => {
        const { world, plan, codes } = await make()
        // What is no plan at all, the record gives to nobody.
        fc.pre(COLLECTIONS.plans.decode(plan).ok)
        await world.start()
        await world.propose(plan)
        await world.clock.advance(6 * SECOND)
        const execution = world.execution(plan)
        await world.stop()
        assert.deepEqual(
          world.cluster.writes.filter(({ verb }) => verb !== 'create'),
          [],
          name,
        )
        assert.ok(codes.includes(execution?.refusal?.code ?? ''), `${name}: ${JSON.stringify(execution?.refusal)}`)
        assert.ok(execution?.status === 'refused' || execution?.status === 'claimed', `${name}: ${execution?.status}`)
      }),
      { numRuns: RUNS },
    )
  })
})
