import assert from 'node:assert/strict'
import { verifyAudit } from '@kubewise/audit'
import { COLLECTIONS } from '@kubewise/contracts'
import { createWorld, MINUTE, planFor, publicKeysOf, template, untilSettled, type World } from '../fixture/world.ts'

const rollback = [{ with: { toRevision: 1 } }]

async function ill(): Promise<World> {
  const world = await createWorld()
  world.cluster.release('Deployment', 'web', template('bad:2'))
  return world
}

const verify = (world: World, isSealedDemanded = true) =>
  verifyAudit(world.store, { keys: publicKeysOf(world), isSealedDemanded })

describe('the audit of an executor', () => {
  it('is whole and sealed to its end once it has stopped, also when another died in between', async () => {
    const world = await ill()
    const dying = await world.start()
    dying.diesAt = (label) => label === 'after-send'
    const plan = planFor(world, rollback)
    await world.propose(plan)
    await world.clock.advance(2 * MINUTE)
    assert.equal(dying.isAlive, false)
    await world.start()
    await untilSettled(world, plan)
    await world.stop()
    const { faults, chains } = await verify(world)
    assert.deepEqual(faults, [])
    assert.ok((chains[0]?.links ?? 0) >= 4)
    assert.ok((chains[0]?.heads ?? 0) >= 2)
  })

  it('acts without a head, but never without a link', async () => {
    const world = await ill()
    world.store.fault = ({ collection }) => (collection === 'audit-heads' ? 'down' : 'none')
    await world.start()
    const plan = planFor(world, rollback)
    await world.propose(plan)
    assert.equal((await untilSettled(world, plan)).status, 'recovered')
    world.store.fault = () => 'none'
    await world.clock.advance(MINUTE)
    assert.deepEqual((await verify(world)).faults, [])
    await world.stop()

    const without = await ill()
    without.store.fault = ({ collection, isWrite }) => (collection === 'audit' && isWrite ? 'down' : 'none')
    await without.start()
    await without.propose(planFor(without, rollback))
    await without.clock.advance(2 * MINUTE)
    assert.deepEqual(without.cluster.landed(), [])
    await without.stop()
  })

  it('shows what somebody has changed meanwhile', async () => {
    const world = await ill()
    await world.start()
    const plan = planFor(world, rollback)
    await world.propose(plan)
    await untilSettled(world, plan)
    const [, second] = world.store.documents(COLLECTIONS.audit)
    world.store.put(COLLECTIONS.audit, { ...second!, say: 'nothing' })
    await world.stop()
    const { faults } = await verify(world, false)
    assert.equal(faults[0]?.code, 'edited')
  })
})
