import assert from 'node:assert/strict'
import { COLLECTIONS, type Execution, type Plan } from '@kubewise/contracts'
import { KubeError, type Deployment, type KubeErrorFacts, type KubernetesObject, type Node } from '@kubewise/kube'
import { startReceiver } from '../fixture/receiver.ts'
import {
  createWorld,
  MINUTE,
  planFor,
  SECOND,
  template,
  untilOwed,
  untilSettled,
  type World,
} from '../fixture/world.ts'

const rollback = [{ with: { toRevision: 1 } }]

async function brokenWorld(): Promise<World> {
  const world = await createWorld()
  world.cluster.release('Deployment', 'web', template('bad:2'))
  return world
}

/** Proposes a plan, lets half a minute pass, and tells how it stands. */
async function stand(world: World, plan: Plan): Promise<Execution | undefined> {
  await world.start()
  await world.propose(plan)
  await world.clock.advance(30 * SECOND)
  return world.execution(plan)
}

const setKill = (world: World, isSet: boolean) =>
  world.store.put(COLLECTIONS.kill, { _id: 'kill', version: 1, isSet, by: 'ada', reason: 'holidays', changedMs: 1 })

function label(world: World, kind: string, name: string, labels: Record<string, string>, namespace = 'shop'): void {
  const object = world.cluster.object<KubernetesObject>(kind, name, namespace)
  world.cluster.put({ ...object, metadata: { ...object.metadata, labels } })
}

describe('what ends a plan', () => {
  const cases: [string, string, (world: World) => Promise<Plan> | Plan][] = [
    ['mode observe', 'mode-observe', (world) => planFor(world, rollback, { mode: 'observe' })],
    [
      'mode observe since then',
      'mode-observe',
      (world) => {
        world.store.put(COLLECTIONS.settings, {
          _id: 'settings',
          version: 1,
          mode: 'observe',
          changedMs: 1,
          changedBy: 'ada',
        })
        return planFor(world, rollback)
      },
    ],
    [
      'a namespace that did not opt in',
      'not-managed',
      (world) => {
        label(world, 'Namespace', 'shop', {}, '')
        return planFor(world, rollback)
      },
    ],
    [
      'a workload that opted out',
      'not-managed',
      (world) => {
        label(world, 'Deployment', 'web', { 'kubewise.io/managed': 'false' })
        return planFor(world, rollback)
      },
    ],
    [
      'a protected namespace',
      'protected-namespace',
      (world) => {
        world.store.put(COLLECTIONS.settings, {
          _id: 'settings',
          version: 1,
          protectedNamespaces: ['shop'],
          changedMs: 1,
          changedBy: 'ada',
        })
        return planFor(world, rollback)
      },
    ],
    [
      'Flux',
      'owned-elsewhere',
      (world) => {
        label(world, 'Deployment', 'web', { 'kustomize.toolkit.fluxcd.io/name': 'shop' })
        return planFor(world, rollback)
      },
    ],
    [
      'a right that this account lacks',
      'permission-missing',
      (world) => {
        world.cluster.isAllowed = ({ verb, resource }) => verb !== 'patch' || resource !== 'deployments'
        return planFor(world, rollback)
      },
    ],
    [
      'another workload under its name',
      'target-replaced',
      (world) => planFor(world, rollback, { target: { ...planFor(world, rollback).target, uid: 'other' } }),
    ],
    ['a hash that is not its own', 'plan-altered', (world) => ({ ...planFor(world, rollback), risk: 'low' })],
    [
      'a newer plan for the incident',
      'plan-superseded',
      async (world) => {
        const plan = planFor(world, rollback)
        await world.clock.advance(SECOND)
        world.store.put(COLLECTIONS.plans, planFor(world, []))
        return plan
      },
    ],
  ]
  for (const [given, code, planOf] of cases)
    it(`${given}: ${code}, and not one write`, async () => {
      const world = await brokenWorld()
      const execution = await stand(world, await planOf(world))
      await world.stop()
      assert.equal(execution?.status, 'refused')
      assert.equal(execution?.refusal?.code, code)
      assert.deepEqual(world.cluster.landed(), [])
      assert.equal(
        world.cluster.events.length,
        ['owned-elsewhere', 'permission-missing'].includes(code) ? 1 : 0,
        'an Event only where one is welcome',
      )
      assert.equal(world.store.documents(COLLECTIONS.targets)[0]?.lock, undefined, 'the target is free again')
    })

  it('an incident that is over', async () => {
    const world = await brokenWorld()
    await world.start()
    const plan = planFor(world, rollback)
    await world.propose(planFor(world, rollback, { mode: 'approve', incident: plan.incident }))
    const [incident] = world.store.documents(COLLECTIONS.incidents)
    world.store.put(COLLECTIONS.incidents, { ...incident!, status: 'resolved', resolvedMs: world.clock.now() })
    world.store.put(COLLECTIONS.plans, plan)
    const execution = await untilSettled(world, plan)
    await world.stop()
    assert.equal(execution.refusal?.code, 'incident-resolved')
  })
})

describe('approval', () => {
  it('is waited for without a claim; then the plan is carried out at once', async () => {
    const world = await brokenWorld()
    const plan = planFor(world, rollback, { mode: 'approve' })
    assert.equal(await stand(world, plan), undefined)
    await world.approve(plan)
    await world.clock.advance(0)
    assert.equal(world.cluster.landed('patch').length, 1, 'by the hint, not by the next sweep')
    assert.equal((await untilSettled(world, plan)).status, 'recovered')
    await world.stop()
  })

  const otherwise: [string, (world: World) => void, string][] = [
    [
      'is silenced',
      ({ cluster, clock }) => {
        const web = cluster.object('Deployment', 'web')
        const until = new Date(clock.now() + 5 * MINUTE).toISOString()
        cluster.put({ ...web, metadata: { ...web.metadata, annotations: { 'kubewise.io/silenced-until': until } } })
      },
      'silenced',
    ],
    [
      'opted out',
      ({ cluster }) => {
        const web = cluster.object('Deployment', 'web')
        cluster.put({ ...web, metadata: { ...web.metadata, labels: { 'kubewise.io/managed': 'false' } } })
      },
      'not-managed',
    ],
    ['is under a kill switch', (world) => void (world.killFile.text = 'stop'), 'kill-switch'],
  ]
  for (const [given, prepare, code] of otherwise)
    it(`is not asked for while the target ${given}: ${code}`, async () => {
      const world = await brokenWorld()
      prepare(world)
      await using people = await startReceiver()
      const plan = planFor(world, rollback, { mode: 'approve' })
      await world.start({ KUBEWISE_WEBHOOK_URL: people.origin })
      await world.propose(plan)
      await world.clock.advance(30 * SECOND)
      assert.equal(world.execution(plan)?.refusal?.code, code)
      await world.stop()
      assert.deepEqual(
        people.received.filter(({ body }) => body.includes('waiting')),
        [],
      )
    })

  it('given while no hint got through is found by the sweeper', async () => {
    const world = await brokenWorld()
    const plan = planFor(world, rollback, { mode: 'approve' })
    await stand(world, plan)
    const nowMs = world.clock.now()
    world.store.put(COLLECTIONS.approvals, {
      _id: plan._id,
      version: 1,
      planHash: plan.hash,
      verdict: 'approved',
      by: 'ada',
      givenMs: nowMs,
      expiresMs: nowMs + MINUTE,
    })
    assert.equal((await untilSettled(world, plan)).status, 'recovered')
    await world.stop()
  })

  const bad: [string, Record<string, unknown>, string][] = [
    ['a no', { verdict: 'rejected' }, 'approval-rejected'],
    ['one for another hash', { planHash: 'other' }, 'approval-mismatch'],
    ['one that ran out', { expiresMs: 1 }, 'approval-expired'],
  ]
  for (const [given, approval, code] of bad)
    it(`is not given by ${given}: ${code}`, async () => {
      const world = await brokenWorld()
      const plan = planFor(world, rollback, { mode: 'approve' })
      await stand(world, plan)
      await world.approve(plan, approval)
      const execution = await untilSettled(world, plan)
      await world.stop()
      assert.equal(execution.refusal?.code, code)
      assert.deepEqual(world.cluster.landed(), [])
    })

  it('that never came ends with the plan', async () => {
    const world = await brokenWorld()
    const plan = planFor(world, rollback, { mode: 'approve' })
    await stand(world, plan)
    const execution = await untilSettled(world, plan, 12)
    await world.stop()
    assert.equal(execution.refusal?.code, 'plan-expired')
  })

  it('is needed to take away the only ready pod', async () => {
    const world = await createWorld({ replicas: 1 })
    const [pod] = world.cluster.all<KubernetesObject>('Pod')
    const { name = '', uid = '' } = pod?.metadata ?? {}
    const object = { cluster: 'test', kind: 'Pod', namespace: 'shop', name }
    const plan = planFor(world, [{ action: 'evict-pod@1', object, with: { pod: name, uid }, preconditions: [] }], {
      expect: { withinSeconds: 60, holds: ['pod-replaced'] },
    })
    const waiting = await stand(world, plan)
    assert.equal(waiting?.status, 'claimed')
    assert.equal(waiting?.refusal?.code, 'approval-missing')
    await world.approve(plan)
    assert.equal((await untilSettled(world, plan)).status, 'recovered')
    await world.stop()
  })
})

/** A server that answers no question about rights. */
const unasked = (facts: Omit<KubeErrorFacts, 'message'>) => () => {
  throw new KubeError({ ...facts, message: 'access reviews are not to be had' })
}

describe('what a plan waits for', () => {
  const cases: [string, string, (world: World) => Promise<void> | void, (world: World) => Promise<void> | void][] = [
    ['the kill switch in the record', 'kill-switch', (world) => setKill(world, true), (world) => setKill(world, false)],
    [
      'the kill switch on the bus',
      'kill-switch',
      async (world) =>
        void (await (await world.bus.kv({ name: 'control', history: 8 })).put('kill', { reason: 'holidays' })),
      async (world) => (await world.bus.kv({ name: 'control', history: 8 })).delete('kill'),
    ],
    [
      'the kill switch in a file',
      'kill-switch',
      (world) => void (world.killFile.text = 'holidays'),
      (world) => void (world.killFile.text = undefined),
    ],
    [
      'a bus that is down',
      'kill-switch-unreadable',
      (world) => void (world.bus.isDown = true),
      (world) => void (world.bus.isDown = false),
    ],
    [
      'an API server that is down',
      'target-unknown',
      (world) => void (world.cluster.isDown = true),
      (world) => void (world.cluster.isDown = false),
    ],
    [
      'a record whose kill document cannot be read',
      'kill-switch-unreadable',
      (world) => void (world.store.fault = ({ collection }) => (collection === 'kill' ? 'down' : 'none')),
      (world) => void (world.store.fault = () => 'none'),
    ],
    [
      'settings that cannot be read',
      'protected-unknown',
      (world) => void (world.store.fault = ({ collection }) => (collection === 'settings' ? 'down' : 'none')),
      (world) => void (world.store.fault = () => 'none'),
    ],
    [
      'rights that may not be asked about',
      'permission-unknown',
      (world) => void (world.cluster.isAllowed = unasked({ kind: 'forbidden', status: 403 })),
      (world) => void (world.cluster.isAllowed = () => true),
    ],
    [
      'rights that nobody answers for',
      'permission-unknown',
      (world) => void (world.cluster.isAllowed = unasked({ kind: 'timeout' })),
      (world) => void (world.cluster.isAllowed = () => true),
    ],
    [
      'nodes that are ill',
      'storm',
      (world) => {
        for (const name of ['node-1', 'node-2']) {
          const node = world.cluster.object<Node>('Node', name, '')
          world.cluster.put({ ...node, status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } })
        }
      },
      async (world) => {
        for (const name of ['node-1', 'node-2']) {
          const node = world.cluster.object<Node>('Node', name, '')
          world.cluster.put({ ...node, status: { conditions: [{ type: 'Ready', status: 'True' }] } })
        }
        await world.clock.advance(5 * MINUTE)
      },
    ],
  ]
  for (const [given, code, set, clear] of cases)
    it(`${given}: ${code}; once it is over, the plan is carried out`, async () => {
      const world = await brokenWorld()
      const plan = planFor(world, rollback)
      await set(world)
      await world.start()
      await world.propose(plan).catch(() => undefined)
      await world.clock.advance(30 * SECOND)
      const waiting = world.execution(plan)
      if (waiting) assert.equal(waiting.refusal?.code, code)
      assert.deepEqual(world.cluster.landed(), [])
      await clear(world)
      const execution = await untilSettled(world, plan)
      await world.stop()
      assert.equal(execution.status, 'recovered')
      assert.equal(execution.refusal, undefined)
    })

  it('a kill switch that is set between the steps stops the next one and the way back', async () => {
    const world = await brokenWorld()
    const steps = [
      { id: 'more', action: 'scale@1', with: { replicas: 5 } },
      { id: 'back', action: 'rollback@1', with: { toRevision: 1 } },
    ]
    const plan = planFor(world, steps)
    world.cluster.fault = () => {
      setKill(world, true)
      return 'none'
    }
    await world.start()
    await world.propose(plan)
    const execution = await untilOwed(world, plan)
    await world.stop()
    assert.deepEqual(
      execution.steps.map(({ status, refusal }) => [status, refusal?.code]),
      [
        ['failed', undefined],
        ['refused', 'kill-switch'],
      ],
    )
    assert.equal(world.cluster.landed().length, 1)
    assert.equal(execution.status, 'undoing')
  })

  const long: [string, (world: World) => void][] = [
    ['the kill switch', (world) => setKill(world, true)],
    [
      'an answer about rights',
      (world) => void (world.cluster.isAllowed = unasked({ kind: 'unavailable', status: 503 })),
    ],
  ]
  for (const [given, set] of long)
    it(`waiting for ${given} costs no writes to the record`, async () => {
      const world = await brokenWorld()
      set(world)
      const plan = planFor(world, rollback, { notAfterMs: world.clock.now() + 5 * MINUTE })
      const version = (await stand(world, plan))?.version
      await world.clock.advance(MINUTE)
      assert.equal(world.execution(plan)?.version, version)
      assert.equal((await untilSettled(world, plan)).refusal?.code, 'plan-expired')
      await world.stop()
    })

  it('an API server that knows no questions about rights decides at the write itself', async () => {
    const world = await brokenWorld()
    world.cluster.isAllowed = unasked({ kind: 'not-found', status: 404, reason: 'NotFound' })
    const plan = planFor(world, rollback)
    await world.start()
    await world.propose(plan)
    assert.equal((await untilSettled(world, plan)).status, 'recovered')
    await world.stop()
  })

  it('a right that is lost while a plan waits ends it', async () => {
    const world = await brokenWorld()
    world.cluster.isAllowed = unasked({ kind: 'timeout' })
    const plan = planFor(world, rollback)
    assert.equal((await stand(world, plan))?.refusal?.code, 'permission-unknown')
    world.cluster.isAllowed = ({ verb }) => verb !== 'patch'
    assert.equal((await untilSettled(world, plan)).refusal?.code, 'permission-missing')
    assert.deepEqual(world.cluster.landed(), [])
    await world.stop()
  })
})

describe('rest', () => {
  async function remedy(world: World, incident: string): Promise<Execution> {
    const plan = planFor(world, [{ action: 'restart@1' }], { incident })
    await world.propose(plan)
    return untilSettled(world, plan, 11)
  }

  it('keeps the next incident waiting five minutes, also over a restart and a clock that is set back', async () => {
    const world = await createWorld()
    const process = await world.start()
    const first = await remedy(world, 'incident-1')
    assert.equal(first.status, 'recovered')
    process.kill()
    await world.start()
    world.clock.jump(-20 * SECOND)
    await world.clock.advance(2 * SECOND)
    const second = await remedy(world, 'incident-2')
    await world.stop()
    assert.equal(second.status, 'recovered')
    assert.ok((second.actedMs ?? 0) >= (first.finishedMs ?? 0) + 5 * MINUTE)
  })

  it('doubles with each failure', async () => {
    const world = await createWorld()
    world.cluster.fateOf = () => 'starting'
    world.cluster.release('Deployment', 'web', template('good:2'))
    await world.start()
    const rests: number[] = []
    for (const incident of ['a', 'b']) {
      const plan = planFor(world, [{ action: 'scale@1', with: { replicas: 6 } }], { incident })
      await world.propose(plan)
      const { status, finishedMs = 0 } = await untilSettled(world, plan)
      assert.equal(status, 'undone')
      const until = world.store.documents(COLLECTIONS.targets)[0]?.coolingUntilMs ?? 0
      rests.push((until - finishedMs) / MINUTE)
      await world.clock.advance(until - world.clock.now())
    }
    await world.stop()
    assert.deepEqual(rests, [10, 20])
  })
})

describe('two plans for one target', () => {
  it('do not overlap: the second waits until the first is settled', async () => {
    const world = await brokenWorld()
    await world.start()
    const first = planFor(world, rollback, { incident: 'incident-1' })
    const second = planFor(world, [{ action: 'restart@1' }], { incident: 'incident-2' })
    await world.propose(first)
    await world.propose(second)
    assert.equal(world.execution(second)?.refusal?.code, 'target-busy')
    const one = await untilSettled(world, first)
    const two = await untilSettled(world, second, 20)
    await world.stop()
    assert.equal(one.status, 'recovered')
    assert.equal(two.status, 'recovered')
    assert.ok((two.actedMs ?? 0) >= (one.finishedMs ?? 0) + 5 * MINUTE, 'after the rest')
    assert.equal(
      world.cluster.object<Deployment>('Deployment', 'web').spec?.template?.spec?.containers[0]?.image,
      'good:1',
    )
  })
})
