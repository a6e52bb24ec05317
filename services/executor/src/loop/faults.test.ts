import assert from 'node:assert/strict'
import { COLLECTIONS, type Execution, type Plan, type PlanStep } from '@kubewise/contracts'
import { KubeError, type Deployment, type KubernetesObject, type Pod } from '@kubewise/kube'
import { watch } from '../fixture/checker.ts'
import type { WriteFault } from '../fixture/fake-cluster.ts'
import { createWorld, MINUTE, planFor, SECOND, template, untilSettled, type World } from '../fixture/world.ts'

const rollback = [{ with: { toRevision: 1 } }]

async function brokenWorld(): Promise<World> {
  const world = await createWorld()
  world.cluster.release('Deployment', 'web', template('bad:2'))
  return world
}

const onFirst =
  (fault: WriteFault) =>
  ({ nth }: { nth: number }) =>
    nth === 1 ? fault : 'none'
const answer = (kind: KubeError['kind'], status: number, message: string, more: object = {}) =>
  new KubeError({ kind, status, message, ...more })

describe('a plan whose hint was lost, and that expired', () => {
  const DAY = 24 * 60 * MINUTE
  it('while no executor ran, is noted as expired by the next one', async () => {
    const world = await brokenWorld()
    const plan = planFor(world, rollback)
    world.store.put(COLLECTIONS.plans, plan)
    await world.clock.advance(DAY)
    await world.start()
    assert.equal((await untilSettled(world, plan, 1)).refusal?.code, 'plan-expired')
    await world.stop()
  })
  it('by a clock that jumped a day ahead, is noted as expired', async () => {
    const world = await brokenWorld()
    await world.start()
    await world.clock.advance(10 * SECOND)
    const plan = planFor(world, rollback)
    world.store.put(COLLECTIONS.plans, plan)
    world.clock.jump(DAY)
    assert.equal((await untilSettled(world, plan, 1)).refusal?.code, 'plan-expired')
    assert.deepEqual(world.cluster.landed(), [])
    await world.stop()
  })
})

describe('an answer that does not come', () => {
  const cases: [string, WriteFault, number][] = [
    ['although the change landed: it is found, not sent again', 'landed-unanswered', 1],
    ['and the change did not land: it is looked for, then sent once more', 'lost', 2],
    ['and the change lands later: it is found', 'late', 1],
    ['and the change comes when another was sent for it: one of the two lands', 'very-late', 2],
  ]
  for (const [given, fault, sent] of cases)
    it(`${given} (patch)`, async () => {
      const world = await brokenWorld()
      world.cluster.fault = onFirst(fault)
      const checker = watch(world)
      const plan = planFor(world, rollback)
      await world.start()
      await world.propose(plan)
      const execution = await untilSettled(world, plan)
      await world.clock.advance(MINUTE)
      await world.stop()
      assert.equal(execution.status, 'recovered')
      assert.equal(world.cluster.landed('patch').length, 1)
      assert.equal(world.cluster.writes.filter(({ verb }) => verb === 'patch').length, sent)
      assert.deepEqual(checker.finish(), [])
    })

  for (const [given, fault] of cases)
    it(`${given} (eviction)`, async () => {
      const world = await createWorld()
      world.cluster.fault = onFirst(fault)
      const [pod] = world.cluster.all<Pod>('Pod')
      const { name = '', uid = '' } = pod?.metadata ?? {}
      const object = { cluster: 'test', kind: 'Pod', namespace: 'shop', name }
      const plan = planFor(world, [{ action: 'evict-pod@1', object, with: { pod: name, uid }, preconditions: [] }], {
        expect: { withinSeconds: 60, holds: ['pod-replaced'] },
      })
      await world.start()
      await world.propose(plan)
      assert.equal((await untilSettled(world, plan)).status, 'recovered')
      await world.clock.advance(MINUTE)
      await world.stop()
      assert.equal(world.cluster.landed('evict').length, 1)
    })

  it('three times ends with a person', async () => {
    const world = await brokenWorld()
    world.cluster.fault = () => 'lost'
    const plan = planFor(world, rollback, { fallback: planFor(world, [{ action: 'escalate@1' }]).steps })
    await world.start()
    await world.propose(plan)
    const execution = await untilSettled(world, plan)
    await world.stop()
    assert.equal(execution.status, 'escalated')
    assert.equal(execution.steps[0]?.refusal?.code, 'outcome-unknown')
    assert.deepEqual(world.cluster.landed(), [])
  })
})

describe('the API server’s no', () => {
  const cases: [string, KubeError, string][] = [
    ['forbidden', answer('forbidden', 403, 'deployments.apps "web" is forbidden'), 'server-forbidden'],
    ['an admission webhook', answer('invalid', 422, 'admission webhook "vap" denied the request'), 'server-invalid'],
  ]
  for (const [given, error, code] of cases)
    it(`${given} ends the plan in the server’s own words, and is no attempt`, async () => {
      const world = await brokenWorld()
      world.cluster.fault = () => error
      const plan = planFor(world, rollback)
      await world.start()
      await world.propose(plan)
      const execution = await untilSettled(world, plan)
      await world.stop()
      assert.equal(execution.status, 'refused')
      assert.equal(execution.refusal?.code, code)
      assert.equal(execution.steps[0]?.answer, error.message)
      assert.equal(execution.actedMs, undefined)
      assert.equal(world.cluster.writes.filter(({ verb }) => verb === 'patch').length, 1)
      assert.equal(world.store.documents(COLLECTIONS.targets)[0]?.coolingUntilMs, 0)
    })

  it('429 of a busy server is waited out, as long as it says', async () => {
    const world = await brokenWorld()
    const busy = answer('too-many-requests', 429, 'too many requests', { retryAfterMs: 7000 })
    world.cluster.fault = onFirst(busy)
    const plan = planFor(world, rollback)
    await world.start()
    await world.propose(plan)
    assert.equal((await untilSettled(world, plan)).status, 'recovered')
    await world.stop()
    const [first, second] = world.cluster.writes.filter(({ verb }) => verb === 'patch')
    assert.ok((second?.atMs ?? 0) - (first?.atMs ?? 0) >= 7000)
  })

  it('429 of a disruption budget ends an eviction', async () => {
    const world = await createWorld()
    world.cluster.fault = () =>
      answer('too-many-requests', 429, 'Cannot evict pod as it would violate the pod’s disruption budget.')
    const [pod] = world.cluster.all<Pod>('Pod')
    const { name = '', uid = '' } = pod?.metadata ?? {}
    const plan = planFor(world, [
      {
        action: 'evict-pod@1',
        object: { cluster: 'test', kind: 'Pod', namespace: 'shop', name },
        with: { pod: name, uid },
        preconditions: [],
      },
    ])
    await world.start()
    await world.propose(plan)
    const execution = await untilSettled(world, plan)
    await world.stop()
    assert.equal(execution.refusal?.code, 'server-too-many-requests')
    assert.equal(world.cluster.writes.filter(({ verb }) => verb === 'evict').length, 1)
  })

  it('a conflict with somebody else’s change is looked at anew, under the plan’s own preconditions', async () => {
    const world = await brokenWorld()
    world.cluster.fault = ({ nth }) => {
      if (nth > 1) return 'none'
      const web = world.cluster.object<Deployment>('Deployment', 'web')
      world.cluster.put<Deployment>({
        ...web,
        metadata: { ...web.metadata, generation: 9 },
        spec: { ...web.spec, minReadySeconds: 1 },
      })
      return 'none'
    }
    const plan = planFor(world, rollback)
    await world.start()
    await world.propose(plan)
    assert.equal((await untilSettled(world, plan)).status, 'recovered')
    await world.stop()
    assert.equal(world.cluster.writes.filter(({ verb }) => verb === 'patch').length, 2)
    assert.equal(world.cluster.landed('patch').length, 1)
  })

  it('a change that is taken back at once is never fought over', async () => {
    const world = await brokenWorld()
    const broken = world.cluster.object<Deployment>('Deployment', 'web')
    const plan = planFor(world, rollback)
    await world.start()
    const revert = () => {
      const web = world.cluster.object<Deployment>('Deployment', 'web')
      if (web.metadata?.annotations?.['kubewise.io/step'])
        world.cluster.put({ ...web, metadata: { ...broken.metadata, generation: 12 }, spec: broken.spec ?? {} })
    }
    const get = world.cluster.get.bind(world.cluster)
    world.cluster.get = <T extends KubernetesObject>(...call: Parameters<typeof get>) => (revert(), get<T>(...call))
    await world.propose(plan)
    const execution = await untilSettled(world, plan)
    await world.stop()
    assert.equal(execution.steps[0]?.refusal?.code, 'reverted')
    assert.equal(world.cluster.landed('patch').length, 1)
  })
})

describe('a first write that comes after another has taken over, whose own is lost', () => {
  const steps: Record<string, [Partial<PlanStep>, string?]> = {
    rollback: [{ with: { toRevision: 1 } }, 'bad:2'],
    restart: [{ action: 'restart@1' }],
    raise: [{ action: 'set-resources@1', with: { container: 'app', memoryLimit: '96Mi' } }],
    scale: [{ action: 'scale@1', with: { replicas: 5 } }],
  }
  const tried = (steps: Execution['steps']) => steps.map(({ id, status }) => `${id} ${status}`)

  for (const [name, [step, release]] of Object.entries(steps))
    it(`is the step’s own, whenever it comes (${name})`, async () => {
      const run = async (fault?: WriteFault) => {
        const world = await createWorld()
        if (release) world.cluster.release('Deployment', 'web', template(release))
        if (fault) world.cluster.fault = ({ nth }) => (nth === 1 ? fault : nth === 2 ? 'lost' : 'none')
        const checker = watch(world)
        const plan = planFor(world, [step])
        const first = await world.start()
        if (fault) first.diesAt = (label) => label === 'after-send'
        void world.propose(plan).catch(() => undefined)
        await world.clock.advance(SECOND)
        await world.start()
        const execution = await untilSettled(world, plan)
        await world.clock.advance(MINUTE)
        await world.stop()
        return { world, execution, violations: checker.finish() }
      }
      const calm = await run()
      for (let lateMs = 12 * SECOND; lateMs <= 40 * SECOND; lateMs += 500) {
        const { world, execution, violations } = await run({ lateMs })
        const given = `${lateMs} ms late`
        assert.equal(execution.status, 'recovered', `${given}: ${execution.say}`)
        assert.deepEqual(tried(execution.steps), tried(calm.execution.steps), given)
        assert.deepEqual(violations, [], given)
        assert.equal(world.cluster.landed('patch').length, calm.world.cluster.landed('patch').length, given)
      }
    })

  it('is taken back as any other where it does not help', async () => {
    for (let lateMs = 12 * SECOND; lateMs <= 30 * SECOND; lateMs += SECOND) {
      const world = await brokenWorld()
      world.cluster.fateOf = () => 'ImagePullBackOff'
      world.cluster.remove('Pod', world.cluster.all<Pod>('Pod')[0]?.metadata?.name ?? '')
      world.cluster.fault = ({ nth }) => (nth === 1 ? { lateMs } : nth === 2 ? 'lost' : 'none')
      const checker = watch(world)
      const plan = planFor(world, rollback)
      const first = await world.start()
      first.diesAt = (label) => label === 'after-send'
      void world.propose(plan).catch(() => undefined)
      await world.clock.advance(SECOND)
      await world.start()
      const execution = await untilSettled(world, plan)
      await world.stop()
      assert.equal(execution.status, 'undone', `${lateMs} ms late: ${execution.say}`)
      assert.equal(
        world.cluster.object<Deployment>('Deployment', 'web').spec?.template?.spec?.containers[0]?.image,
        'bad:2',
      )
      assert.deepEqual(checker.finish(), [])
    }
  })
})

describe('verification without eyes', () => {
  it('is inconclusive, never a success, and takes nothing back blindly', async () => {
    const world = await brokenWorld()
    const plan = planFor(world, rollback, { fallback: planFor(world, [{ action: 'escalate@1' }]).steps })
    await world.start()
    await world.propose(plan)
    await world.clock.advance(4 * SECOND)
    world.cluster.isDown = true
    const execution = await untilSettled(world, plan)
    await world.stop()
    assert.equal(execution.verdict?.value, 'inconclusive')
    assert.equal(execution.status, 'escalated')
    assert.equal(world.cluster.landed('patch').length, 1)
  })
})

describe('the record', () => {
  it('without it nothing is sent; when it is back, the plan is carried out', async () => {
    const world = await brokenWorld()
    const plan = planFor(world, rollback)
    await world.start()
    world.store.fault = ({ isWrite }) => (isWrite ? 'down' : 'none')
    await world.propose(plan).catch(() => undefined)
    await world.clock.advance(MINUTE)
    assert.deepEqual(world.cluster.writes, [])
    world.store.fault = () => 'none'
    assert.equal((await untilSettled(world, plan)).status, 'recovered')
    await world.stop()
  })

  it('without its audit chain nothing is sent', async () => {
    const world = await brokenWorld()
    const plan = planFor(world, rollback)
    await world.start()
    world.store.fault = ({ collection, isWrite }) => (collection === 'audit' && isWrite ? 'down' : 'none')
    await world.propose(plan).catch(() => undefined)
    await world.clock.advance(MINUTE)
    await world.stop()
    assert.deepEqual(world.cluster.writes, [])
  })
})

describe('several executors', () => {
  async function race(count: number): Promise<{ world: World; plan: Plan }> {
    const world = await brokenWorld()
    const plan = planFor(world, rollback)
    for (let i = 0; i < count; i++) await world.start()
    world.store.put(COLLECTIONS.plans, plan)
    await world.propose(plan)
    return { world, plan }
  }

  it('carry a plan out once', async () => {
    const { world, plan } = await race(3)
    const checker = watch(world)
    assert.equal((await untilSettled(world, plan)).status, 'recovered')
    await world.stop()
    assert.equal(world.cluster.landed('patch').length, 1)
    assert.deepEqual(checker.finish(), [])
  })

  it('one that was stopped for long writes nothing when it goes on', async () => {
    const world = await brokenWorld()
    const checker = watch(world)
    const plan = planFor(world, rollback)
    const first = await world.start()
    first.diesAt = (label) => {
      if (label === 'before-send') first.freeze()
      return false
    }
    await world.propose(plan).catch(() => undefined)
    await world.clock.advance(3 * 15 * SECOND)
    assert.deepEqual(world.cluster.writes, [], 'it was stopped before it sent')
    const second = await world.start()
    const execution = await untilSettled(world, plan)
    first.thaw()
    await world.clock.advance(MINUTE)
    await world.stop()
    assert.ok(second.passed.includes('after-send'))
    assert.equal(execution.status, 'recovered')
    assert.equal(first.passed.includes('after-send'), false, 'the first never sent')
    assert.equal(world.cluster.landed('patch').length, 1)
    assert.deepEqual(checker.finish(), [])
  })

  it('one that was stopped at the last instant, its lock just proven, writes nothing when it goes on', async () => {
    const world = await brokenWorld()
    const checker = watch(world)
    const plan = planFor(world, rollback)
    const first = await world.start()
    let stops = 0
    Object.defineProperty(world.killFile, 'text', {
      get() {
        if (first.passed.at(-1) === 'before-send' && stops++ === 0) first.freeze()
      },
    })
    await world.propose(plan).catch(() => undefined)
    await world.clock.advance(3 * 15 * SECOND)
    assert.deepEqual(world.cluster.writes, [], 'it was stopped before it sent')
    await world.start()
    await untilSettled(world, plan)
    first.thaw()
    await world.clock.advance(MINUTE)
    await world.stop()
    assert.equal(world.cluster.writes.filter(({ verb }) => verb === 'patch').length, 1)
    assert.deepEqual(checker.finish(), [])
  })

  it('one that was stopped for long while nobody took over begins anew by reading', async () => {
    const world = await brokenWorld()
    const checker = watch(world)
    const plan = planFor(world, rollback)
    const only = await world.start()
    let stops = 0
    only.diesAt = (label) => {
      if (label === 'before-send' && stops++ === 0) only.freeze()
      return false
    }
    await world.propose(plan).catch(() => undefined)
    await world.clock.advance(3 * 15 * SECOND)
    only.thaw()
    const execution = await untilSettled(world, plan)
    await world.stop()
    assert.equal(execution.status, 'recovered')
    assert.equal(execution.epoch, 2, 'under a new lock')
    assert.equal(world.cluster.landed('patch').length, 1)
    assert.deepEqual(checker.finish(), [])
  })

  it('one that stops in order lets go: the next need not wait for its lease to run out', async () => {
    const world = await brokenWorld()
    world.cluster.fateOf = () => 'starting'
    const plan = planFor(world, rollback)
    await world.start()
    await world.propose(plan)
    await world.clock.advance(4 * SECOND)
    await world.stop()
    assert.equal(world.execution(plan)?.status, 'verifying')
    assert.equal(world.execution(plan)?.holderUntilMs, 0)
  })
})
