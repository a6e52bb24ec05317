import assert from 'node:assert/strict'
import { COLLECTIONS, type Execution, type Plan } from '@kubewise/contracts'
import { KubeError, type Node, type Pod } from '@kubewise/kube'
import { watch } from '../fixture/checker.ts'
import { failedJob, fullNode, planOn } from '../fixture/scenarios.ts'
import { ownedByUs } from '../fixture/owned-by-us.ts'
import { createWorld, planFor, SECOND, untilOwed, untilSettled, type World } from '../fixture/world.ts'

const KILL = { _id: 'kill', version: 1, isSet: true, by: 'ada', reason: 'stop', changedMs: 0 }

async function run(world: World, plan: Plan): Promise<Execution> {
  const checker = watch(world)
  await world.start()
  await world.propose(plan)
  const execution = await untilSettled(world, plan)
  await world.stop()
  assert.deepEqual(checker.finish(), [])
  return execution
}

const statuses = ({ steps }: Execution) => steps.map(({ status }) => status)
const isCordoned = (world: World) => world.cluster.object<Node>('Node', 'node-9', '').spec?.unschedulable === true
const onNode = (world: World) =>
  world.cluster
    .all<Pod>('Pod')
    .filter(({ spec, metadata }) => spec?.nodeName === 'node-9' && metadata?.namespace === 'shop')
const verbs = (world: World) => world.cluster.landed().map(({ verb }) => verb)

/** The pods of the node with something of their own. */
function change(world: World, what: (pod: Pod) => Pod): void {
  const [pod] = onNode(world)
  if (pod) world.cluster.put(what(pod))
}

describe('drain@1', () => {
  it('cordons the node and evicts its pods, the daemon’s and the mirror’s left alone', async () => {
    const world = await createWorld()
    const node = fullNode(world)
    const uids = onNode(world).map(({ metadata }) => metadata?.uid)
    const plan = planOn(world, node, 'drain@1', {})
    const execution = await run(world, plan)
    assert.equal(execution.status, 'recovered', execution.say)
    assert.deepEqual(statuses(execution), ['verified', 'verified', 'verified'])
    assert.deepEqual(
      execution.steps.map(({ id }) => id).sort(),
      ['step-1', ...uids.map((uid) => `step-1/${uid}`)].sort(),
    )
    assert.deepEqual(verbs(world), ['patch', 'evict', 'evict'])
    assert.equal(isCordoned(world), true)
    assert.equal(onNode(world).length, 0)
    assert.equal(world.cluster.find('Pod', 'agent-1', 'kube-system') !== undefined, true)
  })

  it('is taken back where the pods that it moved do not get well elsewhere', async () => {
    const world = await createWorld()
    const node = fullNode(world)
    const plan = planOn(world, node, 'drain@1', {})
    // The last one: the replacements of those before it are waited for anyway.
    world.cluster.fateOf = () => (world.cluster.landed('evict').length > 0 ? 'CrashLoopBackOff' : 'ready')
    const execution = await run(world, plan)
    assert.deepEqual(
      execution.neighbours?.map(({ target, ready }) => [target.name, ready]),
      [['web', 4]],
    )
    assert.equal(execution.status, 'undone', execution.say)
    assert.match(execution.say ?? '', /web has \d ready pods, of 4 before the action/)
    assert.equal(isCordoned(world), false)
  })

  it('leaves alone the pods of a namespace whose own wishes forbid it, and so the node', async () => {
    for (const annotations of [
      { 'kubewise.io/mode': 'observe' },
      { 'kubewise.io/silenced-until': new Date(Date.UTC(2030, 0, 1)).toISOString() },
    ]) {
      const world = await createWorld()
      const node = fullNode(world)
      const labels = { 'kubewise.io/managed': 'true' }
      world.cluster.put({ kind: 'Namespace', metadata: { name: 'shop', labels, annotations } })
      const plan = planOn(world, node, 'drain@1', {})
      await world.start()
      await world.propose(plan)
      for (let second = 0; second < 60; second++) await world.clock.advance(SECOND)
      assert.match(world.execution(plan)?.refusal?.code ?? '', /^(mode-observe|silenced)$/)
      assert.deepEqual([world.cluster.landed(), isCordoned(world)], [[], false], JSON.stringify(annotations))
      await world.stop()
    }
  })

  const refusals: [string, string, (world: World) => void, object?][] = [
    [
      'a bare pod',
      'bare-pod',
      (world) =>
        change(world, ({ metadata, ...pod }) => {
          const { ownerReferences: _owners, ...rest } = metadata ?? {}
          return { ...pod, metadata: { ...rest, name: 'bare', uid: 'uid-bare' } }
        }),
    ],
    [
      'a pod with a folder of the node',
      'local-data',
      (world) =>
        change(world, (pod) => ({
          ...pod,
          spec: { containers: [], ...pod.spec, volumes: [{ name: 'data', hostPath: { path: '/data' } }] },
        })),
    ],
    [
      'a pod with an emptyDir that nobody gave up',
      'local-data',
      (world) =>
        change(world, (pod) => ({
          ...pod,
          spec: { containers: [], ...pod.spec, volumes: [{ name: 'tmp', emptyDir: {} }] },
        })),
    ],
    [
      'a pod on a volume of the node',
      'local-data',
      (world) => {
        world.cluster.put({
          kind: 'PersistentVolume',
          metadata: { name: 'pv-1' },
          spec: { local: { path: '/disk' } },
        } as Node)
        world.cluster.put({
          kind: 'PersistentVolumeClaim',
          metadata: { name: 'data', namespace: 'shop' },
          spec: { volumeName: 'pv-1' },
        } as Node)
        change(world, (pod) => ({
          ...pod,
          spec: {
            containers: [],
            ...pod.spec,
            volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
          },
        }))
      },
    ],
    [
      'a pod of what did not opt in',
      'not-managed',
      (world) => {
        const web = world.cluster.object('Deployment', 'web')
        world.cluster.put({ ...web, metadata: { ...web.metadata, labels: { 'kubewise.io/managed': 'false' } } })
      },
    ],
    [
      'a pod in a protected namespace',
      'protected-namespace',
      (world) =>
        change(world, (pod) => ({
          ...pod,
          metadata: { ...pod.metadata, namespace: 'kube-system', name: 'dns', uid: 'uid-dns' },
        })),
    ],
    [
      'a node that somebody else cordoned',
      'cordoned-by-others',
      (world) => {
        const node = world.cluster.object<Node>('Node', 'node-9', '')
        world.cluster.put({ ...node, spec: { unschedulable: true } })
      },
    ],
  ]
  for (const [given, code, prepare] of refusals)
    it(`is refused for ${given}: ${code}, and nothing is written`, async () => {
      const world = await createWorld()
      fullNode(world)
      prepare(world)
      const node = world.cluster.object<Node>('Node', 'node-9', '')
      const execution = await run(world, planOn(world, node, 'drain@1', {}))
      assert.equal(execution.status, 'refused')
      assert.equal(execution.refusal?.code, code)
      assert.deepEqual(world.cluster.landed(), [])
      assert.deepEqual(
        world.store.documents(COLLECTIONS.targets).map(({ lock }) => lock),
        world.store.documents(COLLECTIONS.targets).map(() => undefined),
        'nothing stays locked',
      )
    })

  it('takes an emptyDir that was given up', async () => {
    const world = await createWorld()
    const node = fullNode(world)
    change(world, (pod) => ({
      ...pod,
      spec: { containers: [], ...pod.spec, volumes: [{ name: 'tmp', emptyDir: {} }] },
    }))
    const execution = await run(world, planOn(world, node, 'drain@1', { deleteEmptyDirData: true }))
    assert.equal(execution.status, 'recovered')
  })

  it('waits for a disruption budget, and goes on once it allows', async () => {
    const world = await createWorld()
    const node = fullNode(world)
    const startMs = world.clock.now()
    world.cluster.isBudgeted = () => world.clock.now() < startMs + 17 * SECOND
    const execution = await run(world, planOn(world, node, 'drain@1', {}))
    assert.equal(execution.status, 'recovered', execution.say)
    assert.equal(world.cluster.landed('evict').length, 2)
    assert.ok(world.cluster.writes.filter(({ verb }) => verb === 'evict').length > 3, 'it was asked several times')
  })

  it('fails at its deadline where a budget never allows: what was cordoned is uncordoned', async () => {
    const world = await createWorld()
    const node = fullNode(world)
    const [kept] = onNode(world)
    world.cluster.isBudgeted = ({ metadata }) => metadata?.uid === kept?.metadata?.uid
    const execution = await run(world, planOn(world, node, 'drain@1', {}, { timeoutSeconds: 30 }))
    assert.equal(execution.status, 'undone')
    assert.equal(execution.steps[0]?.refusal?.code, 'deadline')
    assert.match(execution.steps[0]?.refusal?.say ?? '', /budget/)
    assert.equal(isCordoned(world), false)
    assert.ok(onNode(world).some(({ metadata }) => metadata?.uid === kept?.metadata?.uid))
    const open = execution.steps.filter(({ status }) => status === 'pending' || status === 'sent')
    assert.deepEqual(open, [])
  })

  it('stops between two evictions once the kill switch is set, and writes nothing more', async () => {
    const world = await createWorld()
    const node = fullNode(world)
    const plan = planOn(world, node, 'drain@1', {})
    const checker = watch(world)
    const before = world.cluster.fault
    world.cluster.fault = (write) => {
      const fault = before(write)
      if (write.verb === 'evict') world.store.put(COLLECTIONS.kill, KILL)
      return fault
    }
    await world.start()
    await world.propose(plan)
    const execution = await untilOwed(world, plan)
    assert.deepEqual(verbs(world), ['patch', 'evict'])
    assert.equal(onNode(world).length, 1)
    assert.equal(execution.steps[0]?.refusal?.code, 'kill-switch')
    assert.match(execution.owed?.say ?? '', /kill switch/, 'also taking back is a write')
    world.cluster.fault = before
    world.store.put(COLLECTIONS.kill, { ...KILL, isSet: false })
    const { status } = await untilSettled(world, plan)
    await world.stop()
    assert.equal(status, 'undone')
    assert.equal(isCordoned(world), false)
    assert.deepEqual(verbs(world), ['patch', 'evict', 'patch'])
    assert.deepEqual(checker.finish(), [])
  })

  it('is uncordoned in the end also where its cordon came after another had taken over, whose own was lost', async () => {
    for (let lateMs = 15 * SECOND; lateMs <= 30 * SECOND; lateMs += 500) {
      const world = await createWorld()
      const node = fullNode(world)
      const plan = planOn(world, node, 'drain@1', {})
      const checker = watch(world)
      world.cluster.isBudgeted = () => true
      world.cluster.fault = ({ verb, nth }) => (verb !== 'patch' || nth > 2 ? 'none' : nth === 1 ? { lateMs } : 'lost')
      const first = await world.start()
      first.diesAt = (label) => label === 'after-send'
      void world.propose(plan).catch(() => undefined)
      await world.clock.advance(SECOND)
      await world.start()
      const { status, say } = await untilSettled(world, plan)
      await world.stop()
      assert.deepEqual([status, isCordoned(world)], ['undone', false], `${lateMs} ms late: ${say}`)
      assert.deepEqual(verbs(world), ['patch', 'patch'])
      assert.deepEqual(checker.finish(), [])
    }
  })

  it('is uncordoned in the end also where its cordon came right before another that had taken over looked', async () => {
    const world = await createWorld()
    const node = fullNode(world)
    const plan = planOn(world, node, 'drain@1', {})
    world.cluster.isBudgeted = () => true
    const patch = world.cluster.patch.bind(world.cluster)
    let land: (() => unknown) | undefined
    world.cluster.patch = (...request) => {
      land ??= () => patch(...request)
      return patch(...request)
    }
    world.cluster.fault = ({ verb, nth }) => (verb === 'patch' && nth === 1 ? 'lost' : 'none')
    const first = await world.start()
    first.diesAt = (label) => label === 'after-send'
    void world.propose(plan).catch(() => undefined)
    await world.clock.advance(SECOND)
    const second = await world.start()
    second.diesAt = (label, nth) => {
      if (label === 'before-intent' && nth === 1) land?.()
      return false
    }
    const { status, steps } = await untilSettled(world, plan)
    await world.stop()
    assert.equal(steps[0]?.undo?.how, 'restore')
    assert.deepEqual([status, isCordoned(world)], ['undone', false])
    assert.deepEqual(verbs(world), ['patch', 'patch'])
  })

  it('stops between two evictions once the node is not KubeWise’s to change any more', async () => {
    const world = await createWorld()
    const node = fullNode(world)
    const plan = planOn(world, node, 'drain@1', {})
    world.cluster.fault = ({ verb }) => {
      const found = world.cluster.object<Node>('Node', 'node-9', '')
      if (verb === 'evict') world.cluster.put({ ...found, metadata: { ...found.metadata, labels: {} } })
      return 'none'
    }
    const execution = await run(world, plan)
    assert.deepEqual(verbs(world), ['patch', 'evict'])
    assert.equal(execution.steps[0]?.refusal?.code, 'not-managed')
  })

  it('goes on where the API server could not be read for a moment between two evictions', async () => {
    const world = await createWorld()
    const plan = planOn(world, fullNode(world), 'drain@1', {})
    let failed = 0
    world.cluster.readFault = () => {
      if (verbs(world).filter((verb) => verb === 'evict').length !== 1 || failed >= 12) return undefined
      failed += 1
      return new KubeError({ kind: 'timeout', message: 'no complete answer', isOutcomeUnknown: true })
    }
    const execution = await run(world, plan)
    assert.equal(failed, 12)
    assert.equal(execution.status, 'recovered', execution.say)
    assert.deepEqual(verbs(world), ['patch', 'evict', 'evict'])
  })

  it('evicts the ill ones first', async () => {
    const world = await createWorld()
    const node = fullNode(world)
    const [first, last] = onNode(world)
    world.cluster.put<Pod>({ ...last, status: { conditions: [{ type: 'Ready', status: 'False' }] } })
    await run(world, planOn(world, node, 'drain@1', {}))
    assert.deepEqual(
      world.cluster.landed('evict').map(({ token }) => token),
      [last?.metadata?.uid, first?.metadata?.uid],
    )
  })

  it('counts a pod that went while its budget was waited for as gone', async () => {
    const world = await createWorld()
    const node = fullNode(world)
    const [kept] = onNode(world)
    world.cluster.isBudgeted = ({ metadata }) => metadata?.uid === kept?.metadata?.uid
    const plan = planOn(world, node, 'drain@1', {})
    await world.start()
    await world.propose(plan)
    await world.clock.advance(7 * SECOND)
    world.cluster.remove('Pod', kept?.metadata?.name ?? '')
    world.cluster.reconcile()
    const execution = await untilSettled(world, plan)
    await world.stop()
    assert.equal(execution.status, 'recovered', execution.say)
    assert.deepEqual(statuses(execution).sort(), ['refused', 'verified', 'verified'])
  })

  it('counts a pod that somebody else took in between as gone', async () => {
    const world = await createWorld()
    const node = fullNode(world)
    const [first, second] = onNode(world)
    world.cluster.fault = ({ verb, nth }) => {
      const other = world.cluster.writes.at(-1)?.token === first?.metadata?.uid ? second : first
      if (verb === 'evict' && nth === 1) world.cluster.remove('Pod', other?.metadata?.name ?? '')
      return 'none'
    }
    const execution = await run(world, planOn(world, node, 'drain@1', {}))
    assert.equal(execution.status, 'recovered', execution.say)
    assert.deepEqual(verbs(world), ['patch', 'evict'])
  })

  it('counts a pod that is gone at the very moment of its eviction as gone', async () => {
    const world = await createWorld()
    const node = fullNode(world)
    world.cluster.fault = ({ verb, nth }) => {
      const name = world.cluster.writes.at(-1)?.object.split('/')[2] ?? ''
      if (verb === 'evict' && nth === 1) {
        world.cluster.remove('Pod', name)
        world.cluster.reconcile()
      }
      return 'none'
    }
    const execution = await run(world, planOn(world, node, 'drain@1', {}))
    assert.equal(execution.status, 'recovered', execution.say)
    assert.equal(world.cluster.landed('evict').length, 1)
    assert.deepEqual(statuses(execution), ['verified', 'refused', 'verified'])
  })

  it('does not take the server’s conflict for a pod’s absence', async () => {
    const world = await createWorld()
    const node = fullNode(world)
    const conflict = new KubeError({ kind: 'conflict', status: 409, message: 'try again' })
    world.cluster.fault = ({ verb, nth }) => (verb === 'evict' && nth === 1 ? conflict : 'none')
    const execution = await run(world, planOn(world, node, 'drain@1', {}))
    assert.equal(execution.status, 'recovered', execution.say)
    assert.equal(onNode(world).length, 0)
  })

  it('waits for a replacement before it takes the next ready pod of a workload', async () => {
    const world = await createWorld({ replicas: 2 })
    const node = fullNode(world)
    world.cluster.fateOf = () => 'starting'
    const plan = planOn(world, node, 'drain@1', {}, { timeoutSeconds: 20 })
    const execution = await run(world, plan)
    assert.equal(world.cluster.landed('evict').length, 1)
    assert.match(execution.steps[0]?.refusal?.say ?? '', /1 of 2 pods/)
    assert.equal(execution.status, 'undone')
  })

  it('leaves a node cordoned that was so before', async () => {
    const world = await createWorld()
    const node = fullNode(world)
    const annotations = { 'kubewise.io/cordoned': 'incident-0' }
    const managedFields = ownedByUs('unschedulable')
    const metadata = { ...node.metadata, annotations, managedFields }
    world.cluster.put<Node>({ ...node, metadata, spec: { unschedulable: true } })
    world.cluster.isBudgeted = () => true
    const execution = await run(world, planOn(world, node, 'drain@1', {}, { timeoutSeconds: 20 }))
    assert.equal(execution.status, 'failed')
    assert.equal(isCordoned(world), true)
  })

  it('goes on after a crash in the middle, and evicts none twice', async () => {
    const world = await createWorld()
    const node = fullNode(world)
    const plan = planOn(world, node, 'drain@1', {})
    const checker = watch(world)
    const first = await world.start()
    first.diesAt = (label, nth) => label === 'after-send' && nth === 2
    void world.propose(plan).catch(() => undefined)
    await world.clock.advance(SECOND)
    assert.equal(first.isAlive, false)
    assert.equal(world.cluster.landed('evict').length, 1)
    await world.start()
    const execution = await untilSettled(world, plan)
    await world.stop()
    assert.equal(execution.status, 'recovered', execution.say)
    assert.deepEqual(verbs(world), ['patch', 'evict', 'evict'])
    assert.deepEqual(checker.finish(), [])
  })
})

describe('what was begun when its executor died', () => {
  /** Dies at a place; whoever takes over finds that the node, or the namespace, is not KubeWise's any more. */
  async function diesBeforeItIsClosed(world: World, plan: Plan, nth: number): Promise<Execution> {
    const checker = watch(world)
    const first = await world.start()
    first.diesAt = (label, count) => label === 'after-send' && count === nth
    void world.propose(plan).catch(() => undefined)
    await world.clock.advance(SECOND)
    assert.equal(first.isAlive, false)
    let isReadable = false
    world.cluster.readFault = () =>
      isReadable ? undefined : new KubeError({ kind: 'unavailable', status: 503, message: 'overloaded' })
    await world.start()
    await world.clock.advance(20 * SECOND)
    isReadable = true
    const execution = await untilSettled(world, plan)
    await world.stop()
    assert.deepEqual(checker.finish(), [])
    return execution
  }

  it('a cordon is not forgotten because nothing could be read for a while', async () => {
    const world = await createWorld()
    const execution = await diesBeforeItIsClosed(world, planOn(world, fullNode(world), 'drain@1', {}), 3)
    assert.equal(world.cluster.landed('patch').filter(({ token }) => !token.endsWith('/undo')).length, 1)
    assert.notEqual(execution.steps[0]?.status, 'refused')
  })

  it('pods that were deleted still count', async () => {
    const world = await createWorld()
    const plan = planOn(world, failedJob(world), 'delete-finished-pods@1', { atMost: 2 }, { holds: ['signal-cleared'] })
    await diesBeforeItIsClosed(world, plan, 2)
    assert.ok(world.cluster.landed('delete').length <= 2)
  })

  it('a second step that was sent is looked for, whatever may not be done any more', async () => {
    const world = await createWorld({ replicas: 2 })
    const steps = [
      { id: 'more', action: 'scale@1', with: { replicas: 3 } },
      { id: 'fresh', action: 'restart@1' },
    ]
    const plan = planFor(world, steps)
    const first = await world.start()
    first.diesAt = (label, count) => label === 'after-send' && count === 2
    void world.propose(plan).catch(() => undefined)
    await world.clock.advance(SECOND)
    const web = world.cluster.object('Deployment', 'web')
    world.cluster.put({ ...web, metadata: { ...web.metadata, labels: { 'kubewise.io/managed': 'false' } } })
    await world.start()
    const execution = await untilSettled(world, plan)
    await world.stop()
    assert.deepEqual(
      execution.steps.map(({ id, status }) => `${id}: ${status}`),
      ['more: verified', 'fresh: verified'],
    )
  })
})

describe('a node and the targets of its pods', () => {
  it('are one: a remediation of such a target waits until the node’s is settled', async () => {
    const world = await createWorld()
    const node = fullNode(world)
    const startMs = world.clock.now()
    world.cluster.isBudgeted = () => world.clock.now() < startMs + 25 * SECOND
    const drain = planOn(world, node, 'drain@1', {})
    const scale = planFor(world, [{ action: 'scale@1', with: { replicas: 6 } }], { incident: 'incident-2' })
    await world.start()
    await world.start()
    await world.propose(drain)
    await world.clock.advance(2 * SECOND)
    await world.propose(scale)
    const drained = await untilSettled(world, drain)
    assert.deepEqual(
      new Set(world.cluster.landed().map(({ object }) => object.split('/')[0])),
      new Set(['Node', 'Pod']),
    )
    const scaled = await untilSettled(world, scale)
    await world.stop()
    assert.ok((scaled.actedMs ?? 0) > (drained.finishedMs ?? Infinity))
    assert.equal(scaled.status, 'recovered')
    const waitedMs = (scaled.actedMs ?? Infinity) - (drained.finishedMs ?? 0)
    assert.ok(waitedMs < 10 * SECOND, 'a target that was only held does not rest')
  })

  it('are one the other way round: the node’s waits for its target’s', async () => {
    const world = await createWorld()
    const node = fullNode(world)
    const scale = planFor(world, [{ action: 'scale@1', with: { replicas: 6 } }])
    const cordon = { ...planOn(world, node, 'cordon@1', {}) }
    await world.start()
    await world.start()
    await world.propose(scale)
    await world.clock.advance(SECOND)
    await world.propose(cordon)
    await world.clock.advance(2 * SECOND)
    assert.equal(world.execution(cordon)?.refusal?.code, 'target-busy')
    const scaled = await untilSettled(world, scale)
    const cordoned = await untilSettled(world, cordon)
    await world.stop()
    assert.equal(cordoned.status, 'recovered', cordoned.say)
    assert.ok((cordoned.actedMs ?? 0) > (scaled.finishedMs ?? Infinity))
  })
})

describe('delete-finished-pods@1', () => {
  it('deletes the oldest, and no more than it may', async () => {
    const world = await createWorld()
    const plan = planOn(world, failedJob(world), 'delete-finished-pods@1', { atMost: 2 }, { holds: ['signal-cleared'] })
    const execution = await run(world, plan)
    assert.equal(execution.status, 'recovered', execution.say)
    assert.deepEqual(
      world.cluster.landed('delete').map(({ object }) => object),
      ['Pod/shop/report-30', 'Pod/shop/report-20'],
    )
  })

  it('takes none where all together are more than an hour may see', async () => {
    const world = await createWorld()
    const plan = planOn(world, failedJob(world), 'delete-finished-pods@1', { atMost: 2 }, { holds: ['signal-cleared'] })
    await world.start({ MAX_REMEDIATION_ACTIONS_PER_HOUR_PER_NAMESPACE: '1' })
    await world.propose(plan)
    for (let second = 0; second < 30; second++) await world.clock.advance(SECOND)
    assert.equal(world.execution(plan)?.refusal?.code, 'budget-hour-namespace')
    assert.deepEqual(world.cluster.landed(), [])
    await world.stop()
  })

  it('leaves no mark on its target that could be looked for', async () => {
    const world = await createWorld()
    const plan = planOn(world, failedJob(world), 'delete-finished-pods@1', { atMost: 2 }, { holds: ['change-stands'] })
    assert.equal((await run(world, plan)).status, 'recovered')
  })

  it('goes on after a crash, and deletes no more than it may', async () => {
    const world = await createWorld()
    const plan = planOn(world, failedJob(world), 'delete-finished-pods@1', { atMost: 2 }, { holds: ['signal-cleared'] })
    const first = await world.start()
    first.diesAt = (label, nth) => label === 'after-observed' && nth === 1
    void world.propose(plan).catch(() => undefined)
    await world.clock.advance(SECOND)
    await world.start()
    await untilSettled(world, plan)
    await world.stop()
    assert.equal(world.cluster.landed('delete').length, 2)
  })

  const refusals: [string, string, (world: World) => void][] = [
    [
      'a Job that has not ended',
      'job-running',
      ({ cluster }) => void cluster.put<Pod>({ ...cluster.object('Job', 'report'), status: {} }),
    ],
    [
      'pods that all run',
      'already-so',
      ({ cluster }) => {
        for (const pod of cluster.all<Pod>('Pod'))
          if (pod.status?.phase === 'Failed') cluster.put({ ...pod, status: { phase: 'Running' } })
      },
    ],
    [
      'pods that are nobody’s',
      'already-so',
      ({ cluster }) => {
        for (const pod of cluster.all<Pod>('Pod'))
          if (pod.status?.phase === 'Failed')
            cluster.put({ ...pod, metadata: { ...pod.metadata, ownerReferences: [] } })
      },
    ],
  ]
  for (const [given, code, prepare] of refusals)
    it(`is refused for ${given}: ${code}`, async () => {
      const world = await createWorld()
      const job = failedJob(world)
      prepare(world)
      const execution = await run(world, planOn(world, job, 'delete-finished-pods@1', { atMost: 2 }))
      assert.equal(execution.refusal?.code, code)
      assert.deepEqual(world.cluster.landed(), [])
    })
})
