import assert from 'node:assert/strict'
import { COLLECTIONS, type Plan } from '@kubewise/contracts'
import { KubeError, type Deployment, type Pod } from '@kubewise/kube'
import { watch, type Checker } from '../fixture/checker.ts'
import type { SimulatedProcess } from '../fixture/process.ts'
import { startReceiver } from '../fixture/receiver.ts'
import { failedJob, planOn } from '../fixture/scenarios.ts'
import { storyOf } from '../tell/story.ts'
import { eventually } from '@kubewise/testkit'
import { createWorld, MINUTE, planFor, SECOND, template, untilSettled, type World } from '../fixture/world.ts'

const HOUR = 60 * MINUTE
const rollback = [{ with: { toRevision: 1 } }]

const web = (world: World) => world.cluster.object<Deployment>('Deployment', 'web')
const imageOf = (world: World) => web(world).spec?.template?.spec?.containers[0]?.image
const undos = ({ cluster }: World) => cluster.landed('patch').filter(({ token }) => token.endsWith('/undo'))
const says = (world: World) => world.store.documents(COLLECTIONS.audit).map(({ say }) => say)

interface Owing {
  world: World
  plan: Plan
  checker: Checker
  processes: SimulatedProcess[]
}

const until = async (world: World, isSo: () => boolean, what: string) => {
  for (let seconds = 0; !isSo(); seconds++) {
    assert.ok(seconds < 300, what)
    await world.clock.advance(SECOND)
  }
}

/** A rollback that does not help; something happens once it is verified, in the way of taking it back. */
async function owing(
  happens: (world: World, plan: Plan) => void,
  { executors = 1, env = {} }: { executors?: number; env?: Record<string, string> } = {},
): Promise<Owing> {
  const world = await createWorld()
  world.cluster.release('Deployment', 'web', template('bad:2'))
  world.cluster.fateOf = () => 'ImagePullBackOff'
  world.cluster.remove('Pod', world.cluster.all<Pod>('Pod')[0]?.metadata?.name ?? '')
  const checker = watch(world)
  const plan = planFor(world, rollback)
  const processes: SimulatedProcess[] = []
  for (let i = 0; i < executors; i++) processes.push(await world.start(env))
  await world.propose(plan)
  await until(world, () => world.execution(plan)?.status === 'verifying', 'it is verified')
  happens(world, plan)
  await until(world, () => world.execution(plan)?.owed !== undefined, 'it is owed')
  return { world, plan, checker, processes }
}

const refusing = (kind: KubeError['kind'], status: number) => (world: World) => {
  world.cluster.fault = ({ verb }) => (verb === 'patch' ? new KubeError({ kind, status, message: 'not now' }) : 'none')
}
const pullSwitch = (world: World) => void (world.killFile.text = 'stop')

const HINDRANCES: [string, (world: World) => void, (world: World) => void][] = [
  ['the kill switch is set', pullSwitch, (world) => void (world.killFile.text = undefined)],
  ['the bus is down', (world) => void (world.bus.isDown = true), (world) => void (world.bus.isDown = false)],
  ['the API server is busy', refusing('too-many-requests', 429), (world) => void (world.cluster.fault = () => 'none')],
  ['the API server is ill', refusing('unavailable', 503), (world) => void (world.cluster.fault = () => 'none')],
  [
    'no answer ever comes',
    (world) => void (world.cluster.fault = () => 'lost'),
    (world) => void (world.cluster.fault = () => 'none'),
  ],
]

describe('an undo that is owed', () => {
  it('is not done once the incident has ended with the change in place', async () => {
    const { world, plan } = await owing(pullSwitch)
    const [incident] = world.store.documents(COLLECTIONS.incidents)
    assert.ok(incident)
    world.store.put(COLLECTIONS.incidents, { ...incident, status: 'resolved', resolvedMs: world.clock.now() })
    await world.clock.advance(2 * HOUR)
    world.killFile.text = undefined
    const execution = await untilSettled(world, plan)
    await world.stop()
    assert.equal(imageOf(world), 'good:1')
    assert.match(execution.say ?? '', /incident has ended meanwhile, with the change in place; it stays/)
    assert.deepEqual(undos(world), [])
  })

  it('ends in a day although a clock was ahead when it began', async () => {
    const { world, plan } = await owing(pullSwitch)
    const execution = world.execution(plan)
    assert.ok(execution?.owed)
    const owed = { ...execution.owed, sinceMs: execution.owed.sinceMs + 365 * 24 * HOUR }
    world.store.put(COLLECTIONS.executions, { ...execution, owed })
    for (let hours = 0; hours < 30; hours++) await world.clock.advance(HOUR)
    assert.notEqual(world.execution(plan)?.status, 'undoing')
    await world.stop()
  })

  it('takes no place of those that run', async () => {
    const { world } = await owing(refusing('unavailable', 500), { env: { MAX_PARALLEL_REMEDIATION_ACTIONS: '1' } })
    const job = failedJob(world)
    const given = { job: 'report', uid: job.metadata?.uid ?? '' }
    const other = planOn(world, job, 'rerun-job@1', given, { holds: ['job-completed'], incident: 'incident-2' })
    await world.propose(other)
    assert.equal((await untilSettled(world, other)).status, 'recovered')
    await world.stop()
  })
})

describe('taking back that is owed', () => {
  for (const [given, happens, passes] of HINDRANCES)
    it(`is done once it can be, where ${given} for long`, async () => {
      const { world, plan, checker } = await owing(happens)
      await world.clock.advance(20 * MINUTE)
      assert.equal(world.execution(plan)?.status, 'undoing')
      assert.equal(imageOf(world), 'good:1', 'it stands')
      passes(world)
      const execution = await untilSettled(world, plan)
      await world.stop()
      assert.equal(execution.status, 'undone')
      assert.match(execution.say ?? '', /^Taken back after 2\d min\. /)
      assert.equal(execution.owed, undefined)
      assert.equal(imageOf(world), 'bad:2')
      assert.equal(undos(world).length, 1)
      assert.equal(says(world).filter((say) => say.startsWith('Not taken back yet')).length, 1, 'said once')
      assert.deepEqual(checker.finish(), [])
    })

  it('is done where the API server was away', async () => {
    const { world, plan, checker } = await owing((world, plan) => {
      const isAway = () => world.execution(plan)?.status === 'undoing'
      world.cluster.readFault = () =>
        isAway() ? new KubeError({ kind: 'unreachable', message: 'the API server is gone' }) : undefined
    })
    await world.clock.advance(20 * MINUTE)
    world.cluster.readFault = () => undefined
    assert.equal((await untilSettled(world, plan)).status, 'undone')
    await world.stop()
    assert.deepEqual(checker.finish(), [])
  })

  it('waits longer and longer between tries, at most a minute', async () => {
    const { world, plan } = await owing(pullSwitch)
    await world.clock.advance(10 * MINUTE)
    const { tries = 0 } = world.execution(plan)?.owed ?? {}
    await world.clock.advance(60 * MINUTE)
    const more = (world.execution(plan)?.owed?.tries ?? 0) - tries
    await world.stop()
    assert.ok(more >= 50 && more <= 61, `${more} tries in an hour`)
  })

  it('is done once by several executors, one of which dies as it begins', async () => {
    const { world, plan, checker } = await owing(pullSwitch, { executors: 2 })
    await world.clock.advance(5 * MINUTE)
    const third = await world.start()
    third.diesAt = (label) => label === 'undo-before-send'
    world.killFile.text = undefined
    const execution = await untilSettled(world, plan)
    await world.stop()
    assert.equal(execution.status, 'undone')
    assert.equal(undos(world).length, 1)
    assert.deepEqual(checker.finish(), [])
  })

  it('keeps every other remediation off its target', async () => {
    const { world, plan, checker } = await owing(refusing('unavailable', 503))
    const other = planFor(world, [{ action: 'restart@1' }], { incident: 'incident-2' })
    await world.propose(other)
    await world.clock.advance(5 * MINUTE)
    assert.equal(world.execution(other)?.refusal?.code, 'target-busy')
    world.cluster.fault = () => 'none'
    await untilSettled(world, plan)
    await untilSettled(world, other, 60)
    await world.stop()
    assert.deepEqual(checker.finish(), [])
  })

  const answers: [string, RegExp, (world: World) => void][] = [
    [
      'somebody has changed it since',
      /changed|invalid/i,
      (world) => world.cluster.release('Deployment', 'web', template('mine:3')),
    ],
    ['it is gone', /not exist/, (world) => world.cluster.remove('Deployment', 'web')],
    [
      'another has its name',
      /another object/,
      (world) => {
        const { uid: _uid, ...metadata } = web(world).metadata ?? {}
        world.cluster.put({ ...web(world), metadata: { ...metadata, uid: 'another' } })
      },
    ],
    [
      'the namespace opts out',
      /managed|opt/i,
      (world) =>
        world.cluster.put({
          kind: 'Namespace',
          metadata: { name: 'shop', labels: { 'kubewise.io/managed': 'false' } },
        }),
    ],
  ]
  for (const [given, why, happens] of answers)
    it(`ends with the reason where ${given} meanwhile`, async () => {
      const { world, plan } = await owing(pullSwitch)
      happens(world)
      world.killFile.text = undefined
      const execution = await untilSettled(world, plan, 3)
      await world.stop()
      assert.equal(execution.status, 'failed')
      assert.match(execution.steps[0]?.undo?.say ?? '', why)
      assert.match(execution.say ?? '', /^Could not be taken back, after/)
      assert.deepEqual(undos(world), [])
    })

  it('is given up after a day, with the story', async () => {
    const { world, plan, checker } = await owing(pullSwitch)
    const found = world.execution(plan)
    assert.ok(found?.owed)
    const sinceMs = found.owed.sinceMs - 24 * HOUR + 10 * MINUTE
    world.store.put(COLLECTIONS.executions, { ...found, owed: { ...found.owed, sinceMs } })
    await world.clock.advance(8 * MINUTE)
    assert.equal(world.execution(plan)?.status, 'undoing')
    const execution = await untilSettled(world, plan, 5)
    await world.stop()
    assert.equal(execution.status, 'failed')
    assert.match(execution.say ?? '', /^Could not be taken back, after 24 h: /)
    assert.match(storyOf(execution).takenBack.join(), /stands, Not taken back: .*kill switch/i)
    assert.deepEqual(checker.finish(), [])
  })

  it('takes nothing back that came before what is owed', async () => {
    const world = await createWorld()
    world.cluster.release('Deployment', 'web', template('bad:2'))
    world.cluster.fateOf = () => 'ImagePullBackOff'
    world.cluster.remove('Pod', world.cluster.all<Pod>('Pod')[0]?.metadata?.name ?? '')
    const checker = watch(world)
    const plan = planFor(world, [
      { id: 'more', action: 'scale@1', with: { replicas: 5 } },
      { id: 'back', action: 'rollback@1', with: { toRevision: 1 } },
    ])
    world.cluster.fault = ({ nth }) =>
      nth > 2 && nth < 12 ? new KubeError({ kind: 'unavailable', status: 503, message: 'not now' }) : 'none'
    await world.start()
    await world.propose(plan)
    const execution = await untilSettled(world, plan)
    await world.stop()
    assert.deepEqual(
      execution.steps.map(({ status }) => status),
      ['undone', 'undone'],
    )
    assert.ok(says(world).some((say) => say.startsWith('Not taken back yet')))
    assert.equal(imageOf(world), 'bad:2')
    assert.deepEqual(checker.finish(), [])
  })
})

describe('a process that dies while taking back is owed', () => {
  async function run(dies?: [label: string, nth: number]) {
    const world = await createWorld()
    world.cluster.release('Deployment', 'web', template('bad:2'))
    world.cluster.fateOf = () => 'ImagePullBackOff'
    world.cluster.remove('Pod', world.cluster.all<Pod>('Pod')[0]?.metadata?.name ?? '')
    const checker = watch(world)
    const plan = planFor(world, rollback, { expect: { withinSeconds: 10, holds: ['workload-available'] } })
    const wellMs = world.clock.now() + 40 * SECOND
    world.cluster.fault = ({ nth }) =>
      nth > 1 && world.clock.now() < wellMs
        ? new KubeError({ kind: 'unavailable', status: 503, message: 'not now' })
        : 'none'
    const first = await world.start()
    first.diesAt = (label, nth) => label === dies?.[0] && nth === dies[1]
    void world.propose(plan).catch(() => undefined)
    await world.clock.advance(SECOND)
    if (dies) await world.start()
    const execution = await untilSettled(world, plan)
    await world.stop()
    return { first, execution, undone: undos(world).length, violations: checker.finish() }
  }

  it('at whatever place leaves it to the next: it is done once', async () => {
    const calm = await run()
    const { passed } = calm.first
    assert.ok(passed.includes('after-owed'), passed.join(' '))
    for (const [index, label] of passed.entries()) {
      const nth = passed.slice(0, index + 1).filter((one) => one === label).length
      const { first, execution, undone, violations } = await run([label, nth])
      const place = `${label}, ${nth}. time`
      assert.equal(first.isAlive, false, place)
      assert.deepEqual([execution.status, undone, violations], ['undone', 1, []], place)
    }
  })
})

describe('people', () => {
  it('are told once that taking back is owed, whoever tries, and once that it was done', async () => {
    await using hook = await startReceiver([503, 503, 503, 503])
    const ids = () => hook.received.map(({ body }) => (JSON.parse(body) as { id: string }).id)
    const env = { KUBEWISE_WEBHOOK_URL: `${hook.origin}/hook`, ERROR_THRESHOLD: '1000' }
    const { world, plan, processes } = await owing(pullSwitch, { env, executors: 2 })
    const passing = (isSo: () => boolean) =>
      eventually(async () => {
        await world.clock.advance(5 * SECOND)
        return isSo()
      })
    await passing(() => hook.answers.length === 0 && world.execution(plan)?.isUntold !== true)
    const [owed, done] = [`${plan._id}/undo-owed`, `${plan._id}/undone`]
    const before = ids().filter((id) => id === owed).length
    await world.clock.advance(20 * MINUTE)
    for (const process of processes) process.kill()
    await world.start(env)
    await world.clock.advance(20 * MINUTE)
    await passing(() => true)
    assert.equal(ids().filter((id) => id === owed).length, before, 'not at each try')
    assert.ok(!ids().includes(done))
    world.killFile.text = undefined
    await untilSettled(world, plan)
    await passing(() => ids().includes(done))
    await world.stop()
    assert.match(JSON.parse(hook.received.at(-1)?.body ?? '').say, /^Taken back after/)
  })
})
