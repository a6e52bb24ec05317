import assert from 'node:assert/strict'
import { COLLECTIONS, type Execution, type Plan, type PlanStep } from '@kubewise/contracts'
import { KubeError, type Deployment, type HorizontalPodAutoscaler } from '@kubewise/kube'
import { watch } from '../fixture/checker.ts'
import type { WriteFault } from '../fixture/fake-cluster.ts'
import { createWorld, planFor, SECOND, untilSettled, type World } from '../fixture/world.ts'

const NO_CANARY = { KUBEWISE_CANARY_SECONDS: '0' }

/** Two autoscalers beside `web`, which has none. */
async function worldWithAutoscalers(): Promise<World> {
  const world = await createWorld()
  for (const name of ['one', 'two'])
    world.cluster.put<HorizontalPodAutoscaler>({
      kind: 'HorizontalPodAutoscaler',
      metadata: { name, namespace: 'shop', generation: 1, annotations: { team: 'shop' } },
      spec: { scaleTargetRef: { kind: 'Deployment', name: 'web' }, minReplicas: 2, maxReplicas: 4 },
    })
  return world
}

function raise(world: World, name: string, rest: Partial<PlanStep> = {}): Partial<PlanStep> {
  const { kind = '', metadata } = world.cluster.object('HorizontalPodAutoscaler', name)
  const uid = metadata?.uid ?? ''
  const object = { cluster: 'test', kind, namespace: 'shop', name, uid }
  const given = { autoscaler: name, uid, maxReplicas: 6 }
  return { id: name, action: 'set-autoscaler-maximum@1', object, with: given, preconditions: [], ...rest }
}

const memory = (rest: Partial<PlanStep> = {}): Partial<PlanStep> => ({
  id: 'memory',
  action: 'set-resources@1',
  with: { container: 'app', memoryLimit: '96Mi' },
  ...rest,
})

const isOn = (world: World, name: string) => world.cluster.writes.at(-1)?.object.endsWith(`/${name}`) === true

async function run(world: World, plan: Plan): Promise<Execution> {
  const checker = watch(world)
  await world.start(NO_CANARY)
  await world.propose(plan)
  const execution = await untilSettled(world, plan)
  await world.clock.advance(30 * SECOND)
  await world.stop()
  assert.deepEqual(checker.finish(), [])
  return execution
}

const statuses = ({ steps }: Execution) => Object.fromEntries(steps.map(({ id, status }) => [id, status]))
const maximumOf = (world: World, name: string) =>
  world.cluster.object<HorizontalPodAutoscaler>('HorizontalPodAutoscaler', name).spec?.maxReplicas
const written = (world: World) => world.cluster.landed().map(({ object }) => object.split('/')[2])

describe('steps with needs', () => {
  it('are done at the same time where none needs the other, and after what they need', async () => {
    const world = await worldWithAutoscalers()
    const steps = [raise(world, 'one'), raise(world, 'two'), memory({ needs: ['one', 'two'] })]
    // The first answer is lost, and its write lands 2.5 s later.
    world.cluster.fault = () => (isOn(world, 'one') ? 'late' : 'none')
    const execution = await run(world, planFor(world, steps))
    assert.equal(execution.status, 'recovered', execution.say)
    assert.deepEqual(written(world), ['one', 'two', 'web'])
    const at = (name: string) => world.cluster.writes.find(({ object }) => object.endsWith(`/${name}`))?.atMs ?? 0
    assert.ok(at('two') < at('one'), 'the second does not wait for the first')
    assert.ok(at('web') > at('one'), 'the third waits for both')
  })

  it('run in the plan’s order where none names one', async () => {
    const world = await worldWithAutoscalers()
    world.cluster.fault = () => (isOn(world, 'one') ? 'late' : 'none')
    await run(world, planFor(world, [raise(world, 'one'), raise(world, 'two')]))
    const at = (name: string) => world.cluster.writes.find(({ object }) => object.endsWith(`/${name}`))?.atMs ?? 0
    assert.ok(at('two') > at('one'))
  })

  const flaws: [flaw: string, needs: [string[], string[]], code: string][] = [
    ['that form a circle', [['two'], ['one']], 'needs-cycle'],
    ['of which one is unknown', [[], ['three']], 'needs-unknown'],
  ]
  for (const [flaw, [one, two], code] of flaws)
    it(`${flaw} are refused before anything is done`, async () => {
      const world = await worldWithAutoscalers()
      const plan = planFor(world, [raise(world, 'one', { needs: one }), raise(world, 'two', { needs: two })])
      const execution = await run(world, plan)
      assert.equal(execution.refusal?.code, code)
      assert.equal(execution.status, 'refused')
      assert.deepEqual(world.cluster.landed(), [])
    })

  it('stop at the first that is not done: what was sent is looked for and taken back, what has not begun never does', async () => {
    const world = await worldWithAutoscalers()
    const faults: Record<string, WriteFault> = {
      one: 'late',
      two: new KubeError({ kind: 'invalid', status: 422, message: 'no' }),
    }
    world.cluster.fault = ({ nth }) =>
      nth > 2 ? 'none' : (faults[world.cluster.writes.at(-1)?.object.split('/')[2] ?? ''] ?? 'none')
    const steps = [raise(world, 'one'), raise(world, 'two'), memory({ needs: ['one'] })]
    const execution = await run(world, planFor(world, steps))
    assert.deepEqual(statuses(execution), { one: 'undone', two: 'refused', memory: 'refused' })
    assert.equal(execution.steps[2]?.refusal?.code, 'not-reached')
    assert.equal(execution.status, 'undone')
    assert.deepEqual(written(world), ['one', 'one'])
    assert.equal(maximumOf(world, 'one'), 4)
  })

  it('are taken back in the reverse order of their effects', async () => {
    const world = await worldWithAutoscalers()
    world.cluster.fault = ({ nth }) => (isOn(world, 'one') && nth <= 2 ? 'lost' : 'none')
    const bad = { id: 'back', action: 'rollback@1', with: { toRevision: 9 }, needs: ['one', 'two', 'memory'] }
    const steps = [raise(world, 'one'), raise(world, 'two'), memory({ needs: ['two'] }), bad]
    const execution = await run(world, planFor(world, steps))
    assert.equal(execution.status, 'undone')
    // The first was sent again, once the cluster had not shown it for some seconds.
    assert.deepEqual(written(world), ['two', 'web', 'one', 'one', 'web', 'two'])
  })

  it('take as many ready pods together as all that may be done at once', async () => {
    const world = await createWorld()
    const pods = world.cluster.all('Pod').slice(0, 2)
    const evictions = pods.map(({ metadata }): Partial<PlanStep> => {
      const { name = '', uid = '' } = metadata ?? {}
      const object = { cluster: 'test', kind: 'Pod', namespace: 'shop', name, uid }
      return { id: name, action: 'evict-pod@1', object, with: { pod: name, uid }, preconditions: [] }
    })
    const last = { id: 'fresh', action: 'restart@1', needs: evictions.map(({ id = '' }) => id) }
    const plan = planFor(world, [...evictions, last])
    await world.start(NO_CANARY)
    await world.propose(plan)
    await world.clock.advance(5 * SECOND)
    assert.equal(world.execution(plan)?.refusal?.code, 'ready-share')
    assert.deepEqual(world.cluster.landed(), [])
    await world.stop()
  })
})

describe('a step’s time', () => {
  it('is its end: what could not be sent within it is not sent at all', async () => {
    const world = await createWorld()
    const busy = new KubeError({ kind: 'too-many-requests', status: 429, message: 'busy', retryAfterMs: 8 * SECOND })
    world.cluster.fault = ({ nth }) => (nth === 1 ? busy : 'none')
    const execution = await run(world, planFor(world, [memory({ timeoutSeconds: 5 })]))
    assert.equal(execution.refusal?.code, 'deadline')
    assert.equal(world.cluster.writes.filter(({ verb }) => verb === 'patch').length, 1)
    assert.deepEqual(world.cluster.landed(), [])
  })

  it('does not end what was sent and is seen, however late', async () => {
    const world = await createWorld()
    world.cluster.fault = ({ nth }) => (nth === 1 ? 'late' : 'none')
    const execution = await run(world, planFor(world, [memory({ timeoutSeconds: 1 })]))
    assert.equal(execution.status, 'recovered')
  })

  it('counts on while nobody works on it: whoever takes over sends nothing any more, and looks once more', async () => {
    const world = await createWorld()
    const checker = watch(world)
    const first = await world.start(NO_CANARY)
    first.diesAt = (label) => label === 'before-send'
    const plan = planFor(world, [memory({ timeoutSeconds: 10 })])
    void world.propose(plan).catch(() => undefined)
    await world.clock.advance(SECOND)
    await world.start(NO_CANARY)
    const execution = await untilSettled(world, plan)
    await world.stop()
    assert.deepEqual(checker.finish(), [])
    assert.deepEqual(world.cluster.landed(), [])
    assert.equal(execution.steps[0]?.refusal?.code, 'deadline')
    assert.equal(execution.status, 'failed')
  })
})

describe('whoever takes over after a step that was not done', () => {
  it('begins none of those after it', async () => {
    const world = await createWorld()
    const plan = planFor(world, [memory(), { id: 'fresh', action: 'restart@1' }], {
      fallback: planFor(world, [{ id: 'person', action: 'escalate@1' }]).steps,
    })
    const first = await world.start(NO_CANARY)
    first.diesAt = (label) => label === 'after-lock'
    void world.propose(plan).catch(() => undefined)
    await world.clock.advance(SECOND)
    const left = world.execution(plan)
    assert.ok(left)
    const refusal = { code: 'container-gone', say: 'There is no such container.' }
    const steps = left.steps.map((step) =>
      step.id === 'memory' ? { ...step, status: 'refused' as const, refusal } : step,
    )
    world.store.put(COLLECTIONS.executions, { ...left, status: 'running', steps })
    await world.start(NO_CANARY)
    const execution = await untilSettled(world, plan)
    await world.stop()
    assert.deepEqual(world.cluster.landed(), [])
    assert.equal(execution.status, 'refused')
    assert.deepEqual(statuses(execution), { memory: 'refused', fresh: 'refused', 'fallback-person': 'pending' })
    assert.equal(world.cluster.object<Deployment>('Deployment', 'web').metadata?.generation, 1)
  })
})
