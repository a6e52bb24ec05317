import assert from 'node:assert/strict'
import { COLLECTIONS, type Plan } from '@kubewise/contracts'
import { guardKube, type Deployment, type Kube } from '@kubewise/kube'
import { BreakerOpenError, type Breaker } from '@kubewise/service'
import { createWorld, planFor, SECOND, template, untilOwed, untilSettled, type World } from '../fixture/world.ts'

const OPEN_MS = 5000
/** With the ConfigMap, so that the kill switch is read through the API server too. */
const IN_CLUSTER = { POD_NAMESPACE: 'kubewise' }

/** A breaker that is open when the test says so. */
function switched(isOpen: () => boolean): Breaker {
  return {
    run: (task) =>
      isOpen() ? Promise.reject(new BreakerOpenError('not asked', OPEN_MS)) : task(new AbortController().signal),
    state: () => (isOpen() ? 'open' : 'closed'),
    stop: () => undefined,
  }
}

/** The world's API server behind circuits that the test opens and closes. */
function withCircuits(world: World) {
  const open = { reads: false, writes: false }
  const { cluster } = world
  const bare = {
    list: cluster.list.bind(cluster),
    get: cluster.get.bind(cluster),
    create: cluster.create.bind(cluster),
    patch: cluster.patch.bind(cluster),
    evict: cluster.evict.bind(cluster),
  } as Kube
  const { list, get, create, patch, evict } = guardKube(bare, () => ({
    reads: switched(() => open.reads),
    writes: switched(() => open.writes),
    stop: () => undefined,
  }))
  Object.assign(cluster, { list, get, create, patch, evict })
  return open
}

const patches = ({ cluster }: World) => cluster.writes.filter(({ verb }) => verb === 'patch')
const rollback = [{ with: { toRevision: 1 } }]

async function brokenWorld() {
  const world = await createWorld()
  world.cluster.release('Deployment', 'web', template('bad:2'))
  return { world, open: withCircuits(world) }
}

/** A rollback that does not help, up to the moment at which it is to be taken back. */
async function aboutToTakeBack() {
  const { world, open } = await brokenWorld()
  world.cluster.fateOf = () => 'ImagePullBackOff'
  world.cluster.remove('Pod', world.cluster.all<Deployment>('Pod')[0]?.metadata?.name ?? '')
  const plan = planFor(world, rollback)
  await world.start(IN_CLUSTER)
  await world.propose(plan)
  for (let seconds = 0; world.execution(plan)?.status !== 'verifying'; seconds++) {
    assert.ok(seconds < 60, 'it is verified within a minute')
    await world.clock.advance(SECOND)
  }
  return { world, open, plan }
}

async function untilTakingBack(world: World, plan: Plan): Promise<void> {
  for (let seconds = 0; world.execution(plan)?.status !== 'undoing'; seconds++) {
    assert.ok(seconds < 120, 'it is judged within two minutes')
    await world.clock.advance(SECOND)
  }
}

describe('an open circuit before the API server', () => {
  it('for reads: nothing is sent, the plan waits, and is carried out once it is closed', async () => {
    const { world, open } = await brokenWorld()
    open.reads = true
    const plan = planFor(world, rollback)
    await world.start(IN_CLUSTER)
    await world.propose(plan)
    await world.clock.advance(30 * SECOND)
    assert.equal(world.execution(plan)?.status, 'claimed')
    assert.match(world.execution(plan)?.refusal?.say ?? '', /not asked/)
    assert.deepEqual(patches(world), [])
    open.reads = false
    assert.equal((await untilSettled(world, plan)).status, 'recovered')
    await world.stop()
  })

  it('for reads, the kill switch in a ConfigMap is unreadable, so that nothing is done', async () => {
    const { world, open } = await brokenWorld()
    const get = world.cluster.get.bind(world.cluster)
    Object.assign(world.cluster, {
      get: (...[resource, ref]: Parameters<Kube['get']>) => {
        open.reads = resource.kind === 'ConfigMap'
        return get(resource, ref)
      },
    })
    const plan = planFor(world, rollback)
    await world.start(IN_CLUSTER)
    await world.propose(plan)
    await world.clock.advance(30 * SECOND)
    assert.equal(world.execution(plan)?.refusal?.code, 'kill-switch-unreadable')
    assert.deepEqual(patches(world), [])
    await world.stop()
  })

  it('for writes: what it refuses was not sent, and is sent once it lets it through', async () => {
    const { world, open } = await brokenWorld()
    open.writes = true
    const plan = planFor(world, rollback)
    await world.start()
    await world.propose(plan)
    await world.clock.advance(2 * SECOND)
    assert.equal(world.execution(plan)?.steps[0]?.status, 'sent')
    open.writes = false
    assert.equal((await untilSettled(world, plan)).status, 'recovered')
    await world.stop()
    assert.equal(patches(world).length, 1)
    const told = world.store.documents(COLLECTIONS.audit).map(({ event }) => event)
    assert.ok(!told.includes('unknown'), told.join())
  })

  it('for writes that stays open ends the plan as refused: it is known that nothing was done', async () => {
    const { world, open } = await brokenWorld()
    open.writes = true
    const plan = planFor(world, rollback)
    await world.start()
    await world.propose(plan)
    const execution = await untilSettled(world, plan)
    await world.stop()
    assert.equal(execution.status, 'refused')
    assert.equal(execution.refusal?.code, 'server-unreachable')
    assert.match(execution.refusal?.say ?? '', /^Nothing was sent/)
    assert.equal(execution.actedMs, undefined)
    assert.deepEqual(patches(world), [])
  })

  it('after an answer that did not come, leaves unknown what is unknown', async () => {
    const { world, open } = await brokenWorld()
    world.cluster.fault = () => {
      open.writes = true
      return 'lost'
    }
    const plan = planFor(world, rollback)
    await world.start()
    await world.propose(plan)
    const execution = await untilSettled(world, plan)
    await world.stop()
    assert.equal(execution.steps[0]?.refusal?.code, 'outcome-unknown')
    assert.equal(patches(world).length, 1, 'nothing was sent a second time')
  })

  for (const [way, waitSeconds] of [
    ['writes', 4],
    ['reads', 30],
  ] as const)
    it(`for ${way} delays what is to be taken back, no more`, async () => {
      const { world, open, plan } = await aboutToTakeBack()
      const before = patches(world).length
      open.writes = true
      await untilTakingBack(world, plan)
      open.writes = false
      open[way] = true
      await world.clock.advance(waitSeconds * SECOND)
      assert.equal(patches(world).length, before)
      assert.equal(world.execution(plan)?.status, 'undoing')
      open[way] = false
      const execution = await untilSettled(world, plan)
      await world.stop()
      assert.equal(execution.status, 'undone')
      assert.equal(patches(world).length, before + 1)
    })

  it('for the last look at the kill switch delays taking back too', async () => {
    const { world, open, plan } = await aboutToTakeBack()
    const before = patches(world).length
    const get = world.cluster.get.bind(world.cluster)
    let looks = 0
    const lookAt = (...[resource, ref]: Parameters<Kube['get']>) => {
      const isTakingBack = world.execution(plan)?.status === 'undoing'
      if (isTakingBack && resource.kind === 'ConfigMap') looks++
      // The first look is among the guards', the next just before the write.
      open.reads = looks === 2 || looks === 3
      return get(resource, ref)
    }
    Object.assign(world.cluster, { get: lookAt })
    const execution = await untilSettled(world, plan)
    await world.stop()
    assert.equal(execution.status, 'undone')
    assert.ok(looks > 3)
    assert.equal(patches(world).length, before + 1)
  })

  it('does not hide a kill switch that is set while something waits to be taken back', async () => {
    const { world, open, plan } = await aboutToTakeBack()
    const patch = patches(world).length
    open.writes = true
    await untilTakingBack(world, plan)
    await world.clock.advance(2 * SECOND)
    world.killFile.text = 'stop'
    open.writes = false
    const execution = await untilOwed(world, plan)
    await world.stop()
    assert.match(execution.owed?.say ?? '', /kill switch is set/)
    assert.equal(patches(world).length, patch)
  })
})
