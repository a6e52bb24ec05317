import assert from 'node:assert/strict'
import { COLLECTIONS, type Anomaly, type Execution, type Incident, type Plan } from '@kubewise/contracts'
import type { DaemonSet, Deployment, KubernetesObject } from '@kubewise/kube'
import { watch } from '../fixture/checker.ts'
import { createWorld, planFor, SECOND, untilSettled, type World } from '../fixture/world.ts'

interface Kept {
  name?: string
  namespace?: string
  ready?: number
  generation?: number
  labels?: Record<string, string>
  env?: { name: string; value: string }[]
}

/** A workload beside `web`, of three pods, whose controller nobody plays. */
const keep = (world: World, { name = 'db', namespace = 'shop', ready = 3, generation = 1, labels, env }: Kept = {}) =>
  world.cluster.put<DaemonSet>({
    kind: 'DaemonSet',
    metadata: { name, namespace, generation, ...(labels && { labels }) },
    spec: { template: { spec: { containers: [{ name: 'app', ...(env && { env }) }] } } },
    status: { desiredNumberScheduled: 3, numberReady: ready },
  })

const entity = (name: string) => ({ cluster: 'test', kind: 'DaemonSet', namespace: 'shop', name })

function incidentOn(world: World, name: string): void {
  const nowMs = world.clock.now()
  const incident: Incident = {
    _id: `incident-${name}`,
    version: 1,
    cluster: 'test',
    target: entity(name),
    status: 'open',
    openedMs: nowMs,
    updatedMs: nowMs,
    severity: 'critical',
    say: 'It crashes.',
    signals: [],
    plans: [],
    attempts: 0,
  }
  world.store.put(COLLECTIONS.incidents, incident)
}

function anomalyOn(world: World, target: Anomaly['target'], rest: Partial<Anomaly> = {}): void {
  const nowMs = world.clock.now()
  const anomaly: Anomaly = {
    _id: `anomaly-${target.name}`,
    version: 1,
    entity: target,
    target,
    rule: { name: 'outlier', version: 1 },
    source: 'metric',
    startedMs: nowMs,
    detectedMs: nowMs,
    severity: 'critical',
    score: 12,
    confidence: 1,
    say: 'It is far above what it was.',
    features: {},
    partition: 0,
    seq: 1,
    status: 'open',
    ...rest,
  }
  world.store.put(COLLECTIONS.anomalies, anomaly)
}

const errors = { name: 'http_errors', value: 9, expected: 0, low: 0, high: 1, intervalMs: 15_000 }
const scale = (world: World) => planFor(world, [{ action: 'scale@1', with: { replicas: 6 } }])

/** Scales `web` up; something happens elsewhere 4 s later. */
async function run(world: World, happens: () => void, plan: Plan = scale(world)): Promise<Execution> {
  const checker = watch(world)
  await world.start()
  await world.propose(plan)
  await world.clock.advance(4 * SECOND)
  happens()
  const execution = await untilSettled(world, plan)
  await world.stop()
  assert.deepEqual(checker.finish(), [])
  return execution
}

const replicasOf = (world: World) => world.cluster.object<Deployment>('Deployment', 'web').spec?.replicas

describe('an action after which somebody else is worse off', () => {
  const worse: [what: string, before: (world: World) => unknown, happens: (world: World) => unknown, say: RegExp][] = [
    [
      'a target of the namespace lost a ready pod',
      keep,
      (world) => keep(world, { ready: 2 }),
      /db has 2 ready pods, of 3/,
    ],
    ['a target of the namespace fell ill', keep, (world) => incidentOn(world, 'db'), /db is ill since the action/],
    [
      'something was found at a target of the namespace',
      keep,
      (world) => anomalyOn(world, entity('db')),
      /db is ill since the action/,
    ],
    [
      'what depends on it lost a ready pod, wherever that is',
      (world) => {
        const selector = { app: 'web' }
        world.cluster.put({
          kind: 'Service',
          metadata: { name: 'web', namespace: 'shop' },
          spec: { selector },
        } as KubernetesObject)
        keep(world, { namespace: 'front', env: [{ name: 'BACKEND', value: 'http://web.shop:80' }] })
      },
      (world) => keep(world, { namespace: 'front', ready: 1 }),
      /front\/DaemonSet\/db has 1 ready pods, of 3/,
    ],
    [
      'its own errors have risen',
      () => undefined,
      (world) => anomalyOn(world, { ...entity('web'), kind: 'Deployment' }, { metric: errors }),
      /Errors have risen/,
    ],
  ]
  for (const [what, before, happens, say] of worse)
    it(`is taken back: ${what}`, async () => {
      const world = await createWorld()
      before(world)
      const execution = await run(world, () => happens(world))
      assert.equal(execution.verdict?.value, 'not-recovered')
      assert.match(execution.verdict.say, say)
      assert.equal(execution.status, 'undone')
      assert.equal(replicasOf(world), 4)
    })

  const harmless: [what: string, before: (world: World) => unknown, happens: (world: World) => unknown][] = [
    ['nobody is', keep, () => undefined],
    [
      'it was for a moment',
      keep,
      (world) => {
        keep(world, { ready: 2 })
        void world.clock.sleep(10 * SECOND).then(() => keep(world))
      },
    ],
    ['it was not well before', (world) => keep(world, { ready: 2 }), (world) => keep(world, { ready: 1 })],
    ['it was ill before', (world) => [keep(world), incidentOn(world, 'db')], (world) => keep(world, { ready: 1 })],
    [
      'it did not opt in',
      (world) => keep(world, { labels: { 'kubewise.io/managed': 'false' } }),
      (world) => keep(world, { ready: 0 }),
    ],
    ['somebody is changing it', keep, (world) => keep(world, { ready: 1, generation: 2 })],
    ['somebody deleted it', keep, (world) => world.cluster.remove('DaemonSet', 'db')],
    [
      'what was found began before',
      keep,
      (world) => anomalyOn(world, entity('db'), { startedMs: world.clock.now() - 60 * SECOND }),
    ],
  ]
  for (const [what, before, happens] of harmless)
    it(`stays where ${what}`, async () => {
      const world = await createWorld()
      before(world)
      const execution = await run(world, () => happens(world))
      assert.equal(execution.status, 'recovered', execution.say)
      assert.equal(replicasOf(world), 6)
    })

  it('is inconclusive, and not taken back, where it cannot be told', async () => {
    const world = await createWorld()
    const execution = await run(world, () => {
      world.store.fault = ({ collection }) => (collection === 'anomalies' ? 'down' : 'none')
    })
    assert.equal(execution.verdict?.value, 'inconclusive')
    assert.match(execution.verdict.say, /neighbours cannot be read/)
    assert.equal(replicasOf(world), 6)
  })

  it('is not begun while it cannot be told how they are before', async () => {
    const world = await createWorld()
    keep(world)
    const list = world.cluster.list.bind(world.cluster)
    world.cluster.list = async (resource, options) => {
      if (resource.kind === 'Service') throw new Error('no answer')
      return list(resource, options)
    }
    const plan = scale(world)
    await world.start()
    await world.propose(plan)
    await world.clock.advance(10 * SECOND)
    assert.equal(world.execution(plan)?.refusal?.code, 'target-unknown')
    assert.deepEqual(world.cluster.landed(), [])
    world.cluster.list = list
    assert.equal((await untilSettled(world, plan)).status, 'recovered')
    await world.stop()
  })

  it('has its canary taken back, while only one pod was replaced', async () => {
    const world = await createWorld()
    keep(world)
    const execution = await run(world, () => keep(world, { ready: 1 }), planFor(world, [{ action: 'restart@1' }]))
    assert.equal(execution.refusal?.code, 'canary-failed')
    assert.match(execution.refusal.say, /db has 1 ready pods/)
    assert.equal(execution.status, 'undone')
  })
})
