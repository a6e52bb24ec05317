import assert from 'node:assert/strict'
import { COLLECTIONS, type Execution, type Plan, type PlanStep } from '@kubewise/contracts'
import { KubeError, type Deployment, type Pod, type StatefulSet } from '@kubewise/kube'
import { watch } from '../fixture/checker.ts'
import { storyOf } from '../tell/story.ts'
import { createWorld, MINUTE, planFor, SECOND, template, untilSettled, type World } from '../fixture/world.ts'

const RESTART: Partial<PlanStep> = { id: 'fresh', action: 'restart@1' }
const RAISE: Partial<PlanStep> = {
  id: 'memory',
  action: 'set-resources@1',
  with: { container: 'app', memoryLimit: '96Mi' },
}

const specOf = (world: World) => {
  const { template: of, ...rest } = world.cluster.object<Deployment>('Deployment', 'web').spec ?? {}
  return { ...rest, memory: of?.spec?.containers[0]?.resources?.limits?.['memory'], notes: of?.metadata?.annotations }
}
const without = (spec: Deployment['spec'], ...keys: string[]): Deployment['spec'] =>
  Object.fromEntries(Object.entries(spec ?? {}).filter(([key]) => !keys.includes(key))) as Deployment['spec']
/** As a person would by `kubectl edit`. */
function edit(world: World, spec: Deployment['spec']): void {
  const web = world.cluster.object<Deployment>('Deployment', 'web')
  const generation = (web.metadata?.generation ?? 0) + 1
  world.cluster.put<Deployment>({ ...web, metadata: { ...web.metadata, generation }, ...(spec && { spec }) })
  world.cluster.reconcile()
}
const podsOf = (world: World) => world.cluster.all<Pod>('Pod').map(({ metadata }) => metadata?.uid)
const statuses = ({ steps }: Execution) => steps.map(({ id, status }) => `${id}: ${status}`)
const tells = (world: World) => world.store.documents(COLLECTIONS.audit).map(({ say }) => say)

/** Carries out a plan; what pods there are while the first new one is watched is noted. */
async function run(world: World, plan: Plan, meanwhile: () => unknown = () => undefined) {
  const checker = watch(world)
  await world.start()
  await world.propose(plan)
  await world.clock.advance(5 * SECOND)
  const during = { pods: podsOf(world), spec: specOf(world) }
  await meanwhile()
  const execution = await untilSettled(world, plan)
  await world.stop()
  assert.deepEqual(checker.finish(), [])
  return { execution, during }
}

describe('a change of a template on many pods', () => {
  it('is held at its first new pod in the same write, and goes on by another once that pod was ready', async () => {
    const world = await createWorld()
    const before = { pods: podsOf(world), spec: specOf(world) }
    const { execution, during } = await run(world, planFor(world, [RESTART]))
    assert.deepEqual(statuses(execution), ['fresh: verified', 'fresh.rest: verified'])
    assert.equal(world.cluster.landed('patch').length, 2)
    assert.equal(during.pods.filter((uid) => !before.pods.includes(uid)).length, 1)
    assert.equal(during.pods.filter((uid) => before.pods.includes(uid)).length, 4, 'all old ones are there')
    assert.equal(during.spec.minReadySeconds, 15)
    const { notes, ...rest } = specOf(world)
    assert.ok(notes?.['kubectl.kubernetes.io/restartedAt'])
    assert.deepEqual({ ...rest, notes: undefined }, before.spec)
    assert.equal(podsOf(world).filter((uid) => before.pods.includes(uid)).length, 0)
    const [first, second] = world.cluster.landed('patch')
    assert.ok((second?.atMs ?? 0) - (first?.atMs ?? 0) >= 15 * SECOND)
    assert.deepEqual(execution.steps[0]?.canary, {
      isWatched: true,
      say: 'The first new pod was ready for 15 s.',
      verdict: 'good',
    })
    assert.ok(tells(world).some((say) => say.startsWith('canary good')))
    assert.match(storyOf(execution).tried[1] ?? '', /the rest of its pods/)
    assert.equal(storyOf(execution).takenBack.length, 1, 'of the step, not of what let it go on')
  })

  for (const [name, step] of Object.entries({ restart: RESTART, raise: RAISE }))
    it(`is taken back whole when the first new pod of a ${name} cannot run, and nobody else has lost a pod`, async () => {
      const world = await createWorld()
      const before = { pods: podsOf(world), spec: specOf(world) }
      world.cluster.fateOf = () => (specOf(world).minReadySeconds === undefined ? 'ready' : 'CrashLoopBackOff')
      const plan = planFor(world, [step], { fallback: planFor(world, [{ id: 'person', action: 'escalate@1' }]).steps })
      const { execution } = await run(world, plan)
      assert.equal(execution.status, 'undone')
      assert.equal(execution.refusal?.code, 'canary-failed')
      assert.deepEqual(specOf(world), before.spec)
      assert.deepEqual(podsOf(world).sort(), before.pods.sort())
      assert.equal(execution.steps.at(-1)?.status, 'escalated', 'a person is told')
      const { tried, seen, takenBack } = storyOf(execution)
      assert.equal(tried.length, 2)
      assert.match(tried[0] ?? '', /undone, .*The first new pod/)
      assert.match(seen.join(), /canary: bad, The first new pod .* (cannot run|ended)/)
      assert.match(takenBack.join(), /taken back/)
    })

  it('is taken back when the first new pod is not ready in time', async () => {
    const world = await createWorld()
    world.cluster.fateOf = ({ resources }) => (resources?.limits?.['memory'] === '64Mi' ? 'ready' : 'starting')
    const { execution } = await run(world, planFor(world, [RAISE]))
    assert.equal(execution.status, 'undone')
    assert.equal(specOf(world).memory, '64Mi')
  })

  it('goes back to all of a StatefulSet’s pods but the last, which its partition lets be replaced', async () => {
    const world = await createWorld({ kind: 'StatefulSet', replicas: 5 })
    const checker = watch(world)
    await world.start()
    const plan = planFor(world, [RESTART])
    await world.propose(plan)
    await world.clock.advance(5 * SECOND)
    const set = () => world.cluster.object<StatefulSet>('StatefulSet', 'web')
    const fresh = () =>
      world.cluster
        .all<Pod>('Pod')
        .flatMap(({ metadata }) =>
          metadata?.labels?.['controller-revision-hash'] === set().status?.updateRevision ? [metadata?.name] : [],
        )
    assert.deepEqual(fresh(), ['web-4'])
    const execution = await untilSettled(world, plan)
    await world.stop()
    assert.deepEqual(checker.finish(), [])
    assert.equal(execution.status, 'recovered')
    assert.equal(fresh().length, 5)
    assert.equal(set().spec?.updateStrategy, undefined)
  })

  it('is let go, and not taken back, where a raise was only not enough', async () => {
    const world = await createWorld()
    world.cluster.fateOf = () => 'OOMKilled'
    const { execution } = await run(world, planFor(world, [RAISE]))
    assert.equal(execution.status, 'failed')
    assert.equal(execution.steps[0]?.canary?.verdict, 'not-enough')
    const { memory, minReadySeconds, strategy } = specOf(world)
    assert.deepEqual(
      { memory, minReadySeconds, strategy },
      { memory: '96Mi', minReadySeconds: undefined, strategy: undefined },
    )
  })

  it('is taken back by a later plan of the incident where a raise was kept', async () => {
    const world = await createWorld()
    world.cluster.fateOf = () => 'OOMKilled'
    const checker = watch(world)
    await world.start()
    const first = planFor(world, [RAISE])
    await world.propose(first)
    assert.equal((await untilSettled(world, first)).status, 'failed')
    const giveUp = planFor(world, [{ id: 'person', action: 'escalate@1' }], { attempt: 2 })
    await world.propose(giveUp)
    assert.equal((await untilSettled(world, giveUp)).status, 'undone')
    await world.stop()
    assert.deepEqual(checker.finish(), [])
    assert.equal(specOf(world).memory, '64Mi')
  })

  it('is taken back when the first new pod ended, although it is ready again', async () => {
    const world = await createWorld()
    const before = podsOf(world)
    const { execution } = await run(world, planFor(world, [RESTART]), () => {
      const pod = world.cluster.all<Pod>('Pod').find(({ metadata }) => !before.includes(metadata?.uid))
      const [status] = pod?.status?.containerStatuses ?? []
      assert.ok(pod && status)
      const finishedAt = new Date(world.clock.now()).toISOString()
      const lastState = { terminated: { exitCode: 1, reason: 'Error', finishedAt } }
      world.cluster.put({ ...pod, status: { ...pod.status, containerStatuses: [{ ...status, lastState }] } })
    })
    assert.equal(execution.refusal?.code, 'canary-failed')
    assert.equal(execution.status, 'undone')
  })

  for (const [name, step] of Object.entries({ restart: RESTART, raise: RAISE }))
    it(`of somebody else stays, and only what holds it goes, where a ${name} was overtaken and is ill`, async () => {
      const world = await createWorld()
      const { spec } = (
        await run(world, planFor(world, [step]), () => world.cluster.release('Deployment', 'web', template('bad:3')))
      ).during
      assert.equal(spec.minReadySeconds, 15)
      const web = world.cluster.object<Deployment>('Deployment', 'web').spec
      assert.equal(web?.template?.spec?.containers[0]?.image, 'bad:3')
      assert.deepEqual([web.minReadySeconds, web.strategy], [undefined, undefined])
    })

  it('stays held, with nothing sent, once the namespace opts out', async () => {
    const world = await createWorld()
    await run(world, planFor(world, [RESTART]), () => {
      world.cluster.put({ kind: 'Namespace', metadata: { name: 'shop', labels: { 'kubewise.io/managed': 'false' } } })
    })
    assert.equal(world.cluster.landed('patch').length, 1)
  })

  const hindrances: [string, (world: World, isIt: boolean) => void][] = [
    ['the kill switch is set', ({ killFile }, isIt) => (killFile.text = isIt ? 'stop' : undefined)],
    ['the API server is away', ({ cluster }, isIt) => (cluster.isDown = isIt)],
    ['the bus is down', ({ bus }, isIt) => (bus.isDown = isIt)],
    [
      'the API server takes no write',
      ({ cluster }, isIt) =>
        (cluster.fault = () =>
          isIt ? new KubeError({ kind: 'unavailable', status: 503, message: 'not now' }) : 'none'),
    ],
  ]
  for (const [given, set] of hindrances)
    it(`stays held, with nothing sent, while ${given}; then it is taken back whole`, async () => {
      const world = await createWorld()
      const before = specOf(world)
      const plan = planFor(world, [RESTART])
      const { execution } = await run(world, plan, async () => {
        set(world, true)
        await world.clock.advance(20 * MINUTE)
        assert.equal(world.cluster.landed('patch').length, 1)
        assert.equal(world.execution(plan)?.status, 'undoing')
        assert.ok(world.execution(plan)?.owed)
        assert.ok(tells(world).some((say) => say.startsWith('Not taken back yet')))
        set(world, false)
      })
      assert.equal(execution.status, 'undone')
      assert.deepEqual(specOf(world), before)
      assert.equal(world.cluster.landed('patch').length, 2)
    })

  const releases: [string, (spec: Deployment['spec']) => Deployment['spec']][] = [
    ['all that holds it', (spec) => without(spec, 'minReadySeconds', 'strategy')],
    ['its time to be ready', (spec) => without(spec, 'minReadySeconds')],
  ]
  for (const [what, release] of releases)
    for (const isWell of [true, false])
      it(`says that somebody let it go on, who changed ${what}, and that it ${isWell ? 'helped' : 'did not'}`, async () => {
        const world = await createWorld()
        world.cluster.fateOf = () => (isWell ? 'ready' : 'starting')
        const { execution } = await run(world, planFor(world, [RESTART]), () => {
          const web = world.cluster.object<Deployment>('Deployment', 'web')
          edit(world, release(web.spec))
        })
        assert.equal(execution.steps[0]?.canary?.verdict, 'released')
        assert.match(execution.steps[0]?.canary?.say ?? '', /^Somebody let the rollout go on/)
        assert.match(storyOf(execution).seen.join(), /canary: released, Somebody/)
        assert.equal(execution.status, isWell ? 'recovered' : 'failed')
        const { minReadySeconds, strategy } = specOf(world)
        assert.deepEqual([minReadySeconds, strategy], [undefined, undefined])
      })

  it('has no canary on few pods, and says why', async () => {
    const world = await createWorld({ replicas: 3 })
    const { execution } = await run(world, planFor(world, [RESTART]))
    assert.deepEqual(statuses(execution), ['fresh: verified'])
    assert.deepEqual(execution.steps[0]?.canary, {
      isWatched: false,
      say: 'No canary: 3 pods are fewer than 4.',
    })
  })

  it('has none where the pods that it goes back to are there', async () => {
    const world = await createWorld()
    world.cluster.release('Deployment', 'web', template('bad:2'))
    const { execution } = await run(world, planFor(world, [{ with: { toRevision: 1 } }]))
    assert.deepEqual(statuses(execution), ['step-1: verified'])
    assert.match(execution.steps[0]?.canary?.say ?? '', /ready already/)
  })
})

describe('a restart whose canary a person has let go', () => {
  for (const dies of [false, true])
    it(`is not rolled out a second time, where its executor ${dies ? 'dies as it learns of it' : 'lives'}`, async () => {
      const world = await createWorld()
      world.cluster.fateOf = () => 'starting'
      const plan = planFor(world, [RESTART])
      const first = await world.start()
      if (dies)
        world.store.fault = ({ collection, isWrite }) => {
          const rest = world.execution(plan)?.steps.find(({ restOf }) => restOf)
          if (!first.isAlive || !isWrite || collection !== 'executions' || rest?.status !== 'refused') return 'none'
          first.kill()
          return 'silent'
        }
      await world.propose(plan)
      await world.clock.advance(5 * SECOND)
      const { spec } = world.cluster.object<Deployment>('Deployment', 'web')
      edit(world, without(spec, 'minReadySeconds', 'strategy'))
      await world.clock.advance(5 * SECOND)
      assert.equal(first.isAlive, !dies)
      if (dies) await world.start()
      await untilSettled(world, plan)
      await world.stop()
      assert.equal(world.cluster.landed('patch').length, 1)
    })
})
