import assert from 'node:assert/strict'
import type { Execution, Plan, Target } from '@kubewise/contracts'
import type { Job, KubernetesObject, Node, Pod, PodDisruptionBudget } from '@kubewise/kube'
import { watch } from '../fixture/checker.ts'
import { isEvent } from '../fixture/fake-cluster.ts'
import { failedJob, planOn, stuckPod } from '../fixture/scenarios.ts'
import { createWorld, SECOND, untilSettled, WEB, type World } from '../fixture/world.ts'

async function run(world: World, plan: Plan): Promise<Execution> {
  const checker = watch(world)
  await world.start()
  await world.propose(plan)
  const execution = await untilSettled(world, plan)
  await world.stop()
  assert.deepEqual(checker.finish(), [])
  return execution
}

const web = ({ cluster }: World): Target => ({ ...WEB, uid: cluster.object('Deployment', 'web').metadata?.uid ?? '' })
const ofPod = ({ metadata }: Pod) => ({ pod: metadata?.name ?? '', uid: metadata?.uid ?? '' })
const ready = (status: 'True' | 'False' | 'Unknown') => ({ conditions: [{ type: 'Ready', status }] })

const deleting = (world: World, pod: Pod, target = web(world)) =>
  planOn(world, pod, 'delete-pod@1', ofPod(pod), { target, holds: ['pod-replaced'] })

function budget({ cluster }: World, name: string) {
  cluster.put<PodDisruptionBudget>({
    kind: 'PodDisruptionBudget',
    metadata: { name, namespace: 'shop' },
    spec: { selector: { matchLabels: { app: 'web' } } },
    status: { disruptionsAllowed: 0 },
  })
}

/** One pod of `web`, changed. */
function some({ cluster }: World, change: (pod: Pod) => Pod = (pod) => pod): Pod {
  const pod = cluster.all<Pod>('Pod')[1]
  assert.ok(pod)
  return cluster.put(change(pod))
}

describe('delete-pod@1', () => {
  it('takes a pod off that sticks on a node that is gone', async () => {
    const world = await createWorld()
    const pod = stuckPod(world)
    const execution = await run(world, deleting(world, pod))
    assert.equal(execution.status, 'recovered', execution.say)
    assert.deepEqual(
      world.cluster.landed().map(({ verb, token }) => [verb, token]),
      [['delete', pod.metadata?.uid]],
    )
    assert.equal(execution.steps[0]?.undo?.how, 'none')
  })

  it('takes an ill pod off that two budgets are about', async () => {
    const world = await createWorld()
    const pod = some(world, (each) => ({ ...each, status: ready('False') }))
    for (const name of ['one', 'two']) budget(world, name)
    const execution = await run(world, deleting(world, pod))
    assert.equal(execution.status, 'recovered', execution.say)
    assert.equal(world.cluster.landed('delete').length, 1)
  })

  const refusals: [string, string, (world: World) => Pod][] = [
    [
      'a pod that can be evicted',
      'eviction-applies',
      (world) => some(world, (pod) => ({ ...pod, status: ready('False') })),
    ],
    [
      'a pod that one budget keeps',
      'eviction-applies',
      (world) => {
        budget(world, 'one')
        return some(world, (pod) => ({ ...pod, status: ready('False') }))
      },
    ],
    [
      'a ready pod that two budgets are about',
      'pod-ready',
      (world) => {
        for (const name of ['one', 'two']) budget(world, name)
        return some(world)
      },
    ],
    [
      'a bare pod',
      'bare-pod',
      (world) => {
        const pod = stuckPod(world)
        return world.cluster.put({ ...pod, metadata: { ...pod.metadata, ownerReferences: [] } })
      },
    ],
    [
      'a pod of another workload',
      'foreign-object',
      (world) => {
        const pod = stuckPod(world)
        const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'other', uid: 'uid-other', controller: true }
        return world.cluster.put({ ...pod, metadata: { ...pod.metadata, ownerReferences: [owner] } })
      },
    ],
    [
      'a pod that is only slow to end',
      'pod-ending',
      (world) => {
        const pod = stuckPod(world)
        const deletionTimestamp = new Date(world.clock.now() - 10_000).toISOString()
        return world.cluster.put({ ...pod, metadata: { ...pod.metadata, deletionTimestamp } })
      },
    ],
    [
      'a pod that a finalizer holds',
      'pod-held',
      (world) => {
        const pod = stuckPod(world)
        return world.cluster.put({ ...pod, metadata: { ...pod.metadata, finalizers: ['example.com/backup'] } })
      },
    ],
    [
      'a pod whose node is well',
      'node-alive',
      (world) => {
        world.cluster.put<Node>({ kind: 'Node', metadata: { name: 'node-dead' }, status: ready('True') })
        return stuckPod(world)
      },
    ],
  ]
  for (const [given, code, prepare] of refusals)
    it(`is refused for ${given}: ${code}`, async () => {
      const world = await createWorld()
      const pod = prepare(world)
      const execution = await run(world, deleting(world, pod))
      assert.equal(execution.refusal?.code, code)
      assert.deepEqual(world.cluster.landed(), [])
    })

  const nodes: [string, Partial<Node> | undefined, string | undefined][] = [
    ['is gone', undefined, undefined],
    ['does not answer, and may still run it', { status: ready('Unknown') }, 'node-may-live'],
    [
      'was said to be out of service',
      {
        status: ready('Unknown'),
        spec: { taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] },
      },
      undefined,
    ],
  ]
  for (const [given, node, code] of nodes)
    it(`of a StatefulSet, whose node ${given}, is ${code ? `refused: ${code}` : 'done'}`, async () => {
      const world = await createWorld({ kind: 'StatefulSet', replicas: 3 })
      const set = world.cluster.object('StatefulSet', 'web')
      const pod = stuckPod(world)
      if (node) world.cluster.put<Node>({ kind: 'Node', metadata: { name: 'node-dead' }, ...node })
      const target = { ...WEB, kind: 'StatefulSet', uid: set.metadata?.uid ?? '' }
      const execution = await run(world, deleting(world, pod, target))
      assert.equal(execution.refusal?.code, code)
      assert.equal(world.cluster.landed('delete').length, code ? 0 : 1)
    })
})

describe('rerun-job@1', () => {
  it('deletes its copy only when no earlier request for it can land any more', async () => {
    const world = await createWorld()
    world.cluster.jobFate = 'Failed'
    world.cluster.fault = ({ verb, object, nth }) =>
      verb === 'create' && !isEvent({ object }) && nth === 1 ? 'very-late' : 'none'
    const checker = watch(world)
    await world.start()
    const plan = rerun(world, failedJob(world))
    await world.propose(plan)
    const execution = await untilSettled(world, plan)
    await world.clock.advance(60 * SECOND)
    await world.stop()
    assert.deepEqual(checker.finish(), [])
    assert.equal(execution.status, 'undone', execution.say)
    assert.deepEqual(
      world.cluster.landed().map(({ verb }) => verb),
      ['create', 'delete'],
    )
  })

  const rerun = (world: World, job: Job) =>
    planOn(world, job, 'rerun-job@1', { job: 'report', uid: job.metadata?.uid ?? '' }, { holds: ['job-completed'] })
  const copies = ({ cluster }: World) => cluster.all<Job>('Job').filter(({ metadata }) => metadata?.name !== 'report')

  it('makes a copy that nothing ties to the first', async () => {
    const world = await createWorld()
    const plan = rerun(world, failedJob(world))
    const execution = await run(world, plan)
    const [copy] = copies(world)
    assert.equal(execution.status, 'recovered', execution.say)
    assert.match(copy?.metadata?.name ?? '', /^report-rerun-[0-9a-f]{8}$/)
    assert.deepEqual(copy?.metadata?.labels, { team: 'shop' })
    assert.equal(copy?.spec?.selector, undefined)
    assert.equal(copy?.metadata?.ownerReferences, undefined)
    assert.equal(copy?.metadata?.annotations?.['kubewise.io/step'], `${plan._id}/step-1/1`)
    assert.equal(execution.steps[0]?.undo?.uid, copy?.metadata?.uid)
  })

  it('is found after a lost answer, and made once', async () => {
    const world = await createWorld()
    const plan = rerun(world, failedJob(world))
    world.cluster.fault = ({ verb, nth }) => (verb === 'create' && nth === 1 ? 'landed-unanswered' : 'none')
    const execution = await run(world, plan)
    assert.equal(execution.status, 'recovered', execution.say)
    assert.equal(world.cluster.writes.filter(({ object }) => object.startsWith('Job/')).length, 1)
  })

  it('is ours when its first request lands before the second is answered', async () => {
    const world = await createWorld()
    const plan = rerun(world, failedJob(world))
    world.cluster.fault = ({ verb, nth }) => {
      const { object, token } = world.cluster.writes.at(-1) ?? { object: '', token: '' }
      const metadata = {
        name: object.split('/')[2] ?? '',
        namespace: 'shop',
        annotations: { 'kubewise.io/step': token },
      }
      const status = { conditions: [{ type: 'Complete', status: 'True' as const }] }
      if (verb === 'create' && nth === 2) {
        world.cluster.put<Job>({ kind: 'Job', metadata, status })
        const first = world.cluster.writes.find((write) => write.token === token)
        if (first) first.landed = true
      }
      return verb === 'create' && nth === 1 ? 'lost' : 'none'
    }
    const execution = await run(world, plan)
    assert.equal(execution.status, 'recovered', execution.say)
    assert.equal(copies(world).length, 1)
  })

  it('leaves a Job of its name that it did not make', async () => {
    const world = await createWorld()
    const plan = rerun(world, failedJob(world))
    world.cluster.fault = ({ verb, nth }) => {
      const name = world.cluster.writes.at(-1)?.object.split('/')[2] ?? ''
      if (verb === 'create' && nth === 1) world.cluster.put<Job>({ kind: 'Job', metadata: { name, namespace: 'shop' } })
      return 'none'
    }
    const execution = await run(world, plan)
    assert.equal(execution.refusal?.code, 'server-already-exists')
    assert.deepEqual(world.cluster.landed(), [])
  })

  it('is made when its first request was lost', async () => {
    const world = await createWorld()
    const plan = rerun(world, failedJob(world))
    world.cluster.fault = ({ verb, nth }) => (verb === 'create' && nth === 1 ? 'lost' : 'none')
    await world.start()
    await world.propose(plan)
    const execution = await untilSettled(world, plan)
    await world.stop()
    assert.equal(execution.status, 'recovered', execution.say)
    assert.equal(copies(world).length, 1)
  })

  it('is deleted when it fails again, by its uid', async () => {
    const world = await createWorld()
    world.cluster.jobFate = 'Failed'
    const execution = await run(world, rerun(world, failedJob(world)))
    assert.equal(execution.status, 'undone')
    assert.deepEqual(copies(world), [])
    assert.equal(world.cluster.landed('delete')[0]?.token, execution.steps[0]?.undo?.uid)
  })

  it('leaves what has taken its name since', async () => {
    const world = await createWorld()
    world.cluster.jobFate = undefined
    const plan = rerun(world, failedJob(world))
    await world.start()
    await world.propose(plan)
    await world.clock.advance(5000)
    const [copy] = copies(world)
    assert.ok(copy)
    world.cluster.put({ ...copy, metadata: { ...copy.metadata, uid: 'uid-another' } })
    const execution = await untilSettled(world, plan)
    await world.stop()
    assert.equal(execution.steps[0]?.refusal?.code, 'changed-since')
    assert.equal(world.cluster.landed('delete').length, 0)
    assert.equal(copies(world).length, 1)
  })

  const refusals: [string, string, (job: Job, world: World) => KubernetesObject][] = [
    [
      'a Job that is not marked',
      'not-idempotent',
      (job) => ({ ...job, metadata: { ...job.metadata, annotations: {} } }),
    ],
    ['a Job that has not ended', 'job-running', (job) => ({ ...job, status: {} })],
    [
      'a Job that has completed',
      'already-so',
      (job) => ({ ...job, status: { conditions: [{ type: 'Complete', status: 'True' }] } }),
    ],
    [
      'a Job with a selector of its own',
      'job-selector',
      (job) => ({ ...job, spec: { ...job.spec, manualSelector: true } }),
    ],
  ]
  for (const [given, code, change] of refusals)
    it(`is refused for ${given}: ${code}`, async () => {
      const world = await createWorld()
      const job = world.cluster.put(change(failedJob(world), world))
      const execution = await run(world, rerun(world, job))
      assert.equal(execution.refusal?.code, code)
      assert.deepEqual(world.cluster.landed(), [])
    })
})

describe('resize-pod@1', () => {
  const resize = (world: World, given: object = { memoryLimit: '96Mi' }, pod = some(world)) =>
    planOn(
      world,
      pod,
      'resize-pod@1',
      { ...ofPod(pod), container: 'app', ...given },
      { target: web(world), holds: ['workload-available'] },
    )
  const limitOf = ({ cluster }: World, { steps }: Pick<Plan, 'steps'>) =>
    cluster.find<Pod>('Pod', steps[0]?.object.name ?? '')?.spec?.containers[0]?.resources?.limits?.['memory']

  it('raises the limit of the one pod, and not its template’s', async () => {
    const world = await createWorld()
    const plan = resize(world)
    const execution = await run(world, plan)
    assert.equal(execution.status, 'recovered', execution.say)
    assert.equal(limitOf(world, plan), '96Mi')
    assert.equal(world.cluster.landed().length, 1)
  })

  it('is known by its values when the answer was lost', async () => {
    const world = await createWorld()
    world.cluster.fault = ({ verb }) => (verb === 'patch' ? 'landed-unanswered' : 'none')
    const execution = await run(world, resize(world))
    assert.equal(execution.status, 'recovered', execution.say)
    assert.equal(world.cluster.writes.filter(({ verb }) => verb === 'patch').length, 1)
  })

  it('is refused where the server cannot: not-supported', async () => {
    const world = await createWorld()
    world.cluster.served = []
    const execution = await run(world, resize(world))
    assert.equal(execution.refusal?.code, 'not-supported')
  })

  const refusals: [string, string, object, ((pod: Pod) => Pod)?][] = [
    ['more than double', 'limit-step', { memoryLimit: '512Mi' }],
    ['what it has', 'already-so', { memoryLimit: '64Mi' }],
    ['a container that is none', 'container-gone', { memoryLimit: '96Mi', container: 'other' }],
    [
      'a container that restarts for it',
      'restart-needed',
      { memoryLimit: '96Mi' },
      (pod) => ({
        ...pod,
        spec: {
          ...pod.spec,
          containers: (pod.spec?.containers ?? []).map((each) => ({
            ...each,
            resizePolicy: [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }],
          })),
        },
      }),
    ],
  ]
  for (const [given, code, values, change] of refusals)
    it(`is refused for ${given}: ${code}`, async () => {
      const world = await createWorld()
      const execution = await run(world, resize(world, values, some(world, change)))
      assert.equal(execution.refusal?.code, code)
      assert.deepEqual(world.cluster.landed(), [])
    })
})
