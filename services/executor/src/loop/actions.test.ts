import assert from 'node:assert/strict'
import { COLLECTIONS, type Execution, type Plan } from '@kubewise/contracts'
import type { Deployment, HorizontalPodAutoscaler, KubernetesObject, Node, Pod, StatefulSet } from '@kubewise/kube'
import { watch } from '../fixture/checker.ts'
import { ownedByAPerson, ownedByUs } from '../fixture/owned-by-us.ts'
import { createWorld, WEB, planFor, template, untilSettled, type World } from '../fixture/world.ts'

async function run(world: World, plan: Plan): Promise<Execution> {
  const checker = watch(world)
  // What a canary adds is `canary.test.ts`.
  await world.start({ KUBEWISE_CANARY_SECONDS: '0' })
  await world.propose(plan)
  const execution = await untilSettled(world, plan)
  await world.stop()
  assert.deepEqual(checker.finish(), [])
  return execution
}

const imageOf = (workload: Deployment | StatefulSet) => workload.spec?.template?.spec?.containers[0]?.image
const memoryOf = (workload: Deployment) => workload.spec?.template?.spec?.containers[0]?.resources?.limits?.['memory']
const statuses = ({ steps }: Execution) => steps.map(({ id, status }) => `${id}: ${status}`)
const escalate = { id: 'person', action: 'escalate@1', with: {}, preconditions: [] }

describe('rollback@1', () => {
  it('brings a Deployment back to the named revision, and leaves its marks on it', async () => {
    const world = await createWorld()
    world.cluster.release('Deployment', 'web', template('bad:2'))
    const plan = planFor(world, [{ with: { toRevision: 1 } }])
    const execution = await run(world, plan)
    const web = world.cluster.object<Deployment>('Deployment', 'web')
    assert.equal(execution.status, 'recovered')
    assert.deepEqual(statuses(execution), ['step-1: verified'])
    assert.equal(imageOf(web), 'good:1')
    assert.equal(web.metadata?.annotations?.['kubewise.io/step'], `${plan._id}/step-1/1`)
    assert.equal(web.metadata?.annotations?.['kubewise.io/plan-id'], plan._id)
    assert.equal(web.metadata?.annotations?.['team'], 'shop', 'what others wrote stays')
    assert.equal(world.cluster.events[0]?.reason, 'Remediated')
  })

  it('evicts the pods that a StatefulSet waits for in vain, each once', async () => {
    const world = await createWorld({ kind: 'StatefulSet', replicas: 3 })
    world.cluster.release('StatefulSet', 'web', template('bad:2'))
    const stuck = world.cluster.all<Pod>('Pod').filter(({ status }) => status?.phase === 'Pending')
    const execution = await run(world, planFor(world, [{ with: { toRevision: 1 } }]))
    assert.equal(execution.status, 'recovered')
    assert.ok(stuck.length > 0)
    assert.deepEqual(
      world.cluster
        .landed('evict')
        .map(({ token }) => token)
        .sort(),
      stuck.map(({ metadata }) => metadata?.uid).sort(),
    )
    assert.equal(imageOf(world.cluster.object<StatefulSet>('StatefulSet', 'web')), 'good:1')
  })

  it('takes it back and calls a person when the old revision fails too', async () => {
    const world = await createWorld()
    world.cluster.release('Deployment', 'web', template('bad:2'))
    world.cluster.fateOf = () => 'ImagePullBackOff'
    const plan = planFor(world, [{ with: { toRevision: 1 } }], {
      fallback: [{ ...planFor(world, [escalate]).steps[0]! }],
    })
    world.cluster.remove('Pod', world.cluster.all<Pod>('Pod').at(0)?.metadata?.name ?? '')
    const execution = await run(world, plan)
    assert.equal(execution.status, 'undone')
    assert.deepEqual(statuses(execution), ['step-1: undone', 'fallback-person: escalated'])
    assert.equal(execution.verdict?.value, 'not-recovered')
    assert.equal(imageOf(world.cluster.object<Deployment>('Deployment', 'web')), 'bad:2')
    assert.equal(world.cluster.events[0]?.reason, 'RemediationReverted')
  })

  it('does not take it back when somebody has changed the template since', async () => {
    const world = await createWorld()
    world.cluster.release('Deployment', 'web', template('bad:2'))
    world.cluster.fateOf = ({ image }) => (image === 'good:1' ? 'starting' : 'CrashLoopBackOff')
    await world.start()
    const plan = planFor(world, [{ with: { toRevision: 1 } }])
    await world.propose(plan)
    await world.clock.advance(5000)
    world.cluster.release('Deployment', 'web', template('bad:3'))
    const execution = await untilSettled(world, plan)
    await world.stop()
    assert.equal(execution.status, 'failed')
    assert.equal(execution.steps[0]?.refusal?.code, 'changed-since')
    assert.equal(imageOf(world.cluster.object<Deployment>('Deployment', 'web')), 'bad:3')
  })

  const refused: [string, Parameters<typeof planFor>[1][number], string][] = [
    ['a revision that is not remembered', { with: { toRevision: 9 } }, 'revision-gone'],
    ['the revision that it has', { with: { toRevision: 2 } }, 'already-so'],
    [
      'a template that is not the plan’s any more',
      { with: { toRevision: 1 }, preconditions: [{ field: 'spec.template', hash: 'other' }] },
      'precondition-failed',
    ],
    ['parameters that are none', { with: { toRevision: 0 } }, 'parameters-invalid'],
    ['an action that was removed', { action: 'rollback@9', with: { toRevision: 1 } }, 'action-unknown'],
  ]
  for (const [given, step, code] of refused)
    it(`refuses ${given}: ${code}`, async () => {
      const world = await createWorld()
      world.cluster.release('Deployment', 'web', template('bad:2'))
      const execution = await run(world, planFor(world, [step]))
      assert.equal(execution.status, 'refused')
      assert.equal(execution.refusal?.code, code)
      assert.equal(execution.actedMs, undefined, 'it is no attempt')
      assert.deepEqual(world.cluster.landed(), [])
    })
})

describe('set-resources@1', () => {
  const needs = (mebibytes: number) => (world: World) => {
    world.cluster.fateOf = ({ resources }) =>
      parseInt(String(resources?.limits?.['memory']), 10) >= mebibytes ? 'ready' : 'OOMKilled'
    world.cluster.release('Deployment', 'web', template('good:2'))
  }
  const raise = (memoryLimit: string) => [{ action: 'set-resources@1', with: { container: 'app', memoryLimit } }]
  const expect: Plan['expect'] = { withinSeconds: 60, holds: ['workload-available', 'no-oom-since-action'] }

  it('raises the limit', async () => {
    const world = await createWorld()
    needs(90)(world)
    const execution = await run(world, planFor(world, raise('96Mi'), { expect }))
    assert.equal(execution.status, 'recovered')
    assert.equal(memoryOf(world.cluster.object('Deployment', 'web')), '96Mi')
  })

  it('writes a limit as the API server would keep it, so that it is recognised there', async () => {
    const world = await createWorld()
    needs(90)(world)
    const execution = await run(world, planFor(world, raise('98304Ki'), { expect }))
    assert.equal(memoryOf(world.cluster.object('Deployment', 'web')), '96Mi')
    assert.equal(execution.steps[0]?.changes[0]?.after, '96Mi')
  })

  it('keeps a raise that was not enough, ends at once, and raises again in the same incident without a rest', async () => {
    const world = await createWorld()
    needs(120)(world)
    const first = planFor(world, raise('96Mi'), { expect, anomalies: [] })
    await world.start()
    await world.propose(first)
    const failed = await untilSettled(world, first)
    assert.equal(failed.status, 'failed')
    assert.deepEqual(statuses(failed), ['step-1: failed', 'step-1.rest: failed'])
    assert.equal(memoryOf(world.cluster.object('Deployment', 'web')), '96Mi')
    assert.ok((failed.finishedMs ?? 0) - failed.claimedMs < 30_000, 'a new kill ends the verification')
    const second = planFor(world, raise('144Mi'), { expect, attempt: 2 })
    await world.propose(second)
    const execution = await untilSettled(world, second)
    await world.stop()
    assert.equal(execution.status, 'recovered')
    assert.equal(memoryOf(world.cluster.object('Deployment', 'web')), '144Mi')
  })

  it('takes all raises back with the last attempt', async () => {
    const world = await createWorld()
    needs(1000)(world)
    const checker = watch(world)
    await world.start()
    const ends: string[] = []
    for (const [attempt, limit] of ['96Mi', '144Mi', '216Mi'].entries()) {
      const plan = planFor(world, raise(limit), { expect, attempt: attempt + 1 })
      await world.propose(plan)
      ends.push((await untilSettled(world, plan)).status)
    }
    await world.stop()
    assert.deepEqual(ends, ['failed', 'failed', 'undone'])
    assert.equal(memoryOf(world.cluster.object('Deployment', 'web')), '64Mi')
    assert.equal(
      world.cluster.landed('patch').length,
      7,
      'three raises, each let go after its first pod, and one way back',
    )
    assert.deepEqual(checker.finish(), [])
  })

  it('takes a kept raise back when the incident is given up', async () => {
    const world = await createWorld()
    needs(1000)(world)
    await world.start()
    const first = planFor(world, raise('96Mi'), { expect })
    await world.propose(first)
    assert.equal((await untilSettled(world, first)).status, 'failed')
    const giveUp = planFor(world, [escalate], { attempt: 2 })
    await world.propose(giveUp)
    const execution = await untilSettled(world, giveUp)
    await world.stop()
    assert.equal(execution.status, 'undone')
    assert.equal(memoryOf(world.cluster.object('Deployment', 'web')), '64Mi')
  })

  const refused: [string, Record<string, string>, string][] = [
    ['more than twice', { container: 'app', memoryLimit: '200Mi' }, 'limit-step'],
    ['a lower one', { container: 'app', memoryLimit: '32Mi' }, 'limit-lowered'],
    ['the same, written otherwise', { container: 'app', memoryLimit: '65536Ki' }, 'already-so'],
    ['a limit where there was none', { container: 'app', cpuLimit: '100m' }, 'limit-unknown'],
    ['another container', { container: 'side', memoryLimit: '96Mi' }, 'container-gone'],
  ]
  for (const [given, values, code] of refused)
    it(`refuses ${given}: ${code}`, async () => {
      const world = await createWorld()
      const execution = await run(world, planFor(world, [{ action: 'set-resources@1', with: values }], { expect }))
      assert.equal(execution.refusal?.code, code)
      assert.deepEqual(world.cluster.landed(), [])
    })

  it('never raises beyond four times what it was before the incident', async () => {
    const world = await createWorld()
    needs(1000)(world)
    await world.start()
    const codes: (string | undefined)[] = []
    for (const [attempt, limit] of ['128Mi', '256Mi', '300Mi'].entries()) {
      const plan = planFor(world, raise(limit), { expect, attempt: attempt + 1 })
      await world.propose(plan)
      codes.push((await untilSettled(world, plan)).refusal?.code)
    }
    await world.stop()
    assert.deepEqual(codes, [undefined, undefined, 'limit-total'])
  })
})

describe('evict-pod@1', () => {
  const expect: Plan['expect'] = { withinSeconds: 60, holds: ['pod-replaced'] }
  const eviction = (world: World, uid?: string) => {
    const { name = '', namespace = '', uid: own = '' } = world.cluster.all<Pod>('Pod')[1]?.metadata ?? {}
    const object = { cluster: 'test', kind: 'Pod', namespace, name, uid: own }
    return [{ action: 'evict-pod@1', object, with: { pod: name, uid: uid ?? own }, preconditions: [] }]
  }

  it('evicts that pod alone', async () => {
    const world = await createWorld()
    const pods = world.cluster.all<Pod>('Pod').map(({ metadata }) => metadata?.uid)
    const execution = await run(world, planFor(world, eviction(world), { expect, risk: 'low' }))
    const left = world.cluster.all<Pod>('Pod').map(({ metadata }) => metadata?.uid)
    assert.equal(execution.status, 'recovered')
    assert.deepEqual(
      pods.filter((uid) => !left.includes(uid)),
      [pods[1]],
    )
    assert.equal(left.length, 4)
  })

  it('does not touch the pod that has taken its place', async () => {
    const world = await createWorld()
    const execution = await run(world, planFor(world, eviction(world, 'uid-of-before'), { expect }))
    assert.equal(execution.refusal?.code, 'pod-gone')
  })

  it('does not touch a pod of another workload', async () => {
    const world = await createWorld()
    const stranger = world.cluster.put<Pod>({
      kind: 'Pod',
      metadata: { name: 'stranger', namespace: 'shop', labels: { app: 'web' } },
    })
    const object = { cluster: 'test', kind: 'Pod', namespace: 'shop', name: 'stranger' }
    const step = {
      action: 'evict-pod@1',
      object,
      with: { pod: 'stranger', uid: stranger.metadata?.uid ?? '' },
      preconditions: [],
    }
    const execution = await run(world, planFor(world, [step], { expect }))
    assert.equal(execution.refusal?.code, 'pod-gone')
  })
})

describe('restart@1', () => {
  it('replaces the pods as kubectl would', async () => {
    const world = await createWorld()
    const plan = planFor(world, [{ action: 'restart@1' }])
    assert.equal((await run(world, plan)).status, 'recovered')
    const { metadata } = world.cluster.object<Deployment>('Deployment', 'web').spec?.template ?? {}
    assert.match(metadata?.annotations?.['kubectl.kubernetes.io/restartedAt'] ?? '', /^2026-01-05T12:00:/)
  })
})

describe('scale@1', () => {
  it('sets the replicas, and back when it does not help', async () => {
    const world = await createWorld()
    world.cluster.fateOf = () => 'starting'
    const plan = planFor(world, [{ action: 'scale@1', with: { replicas: 6 } }], { risk: 'low' })
    const execution = await run(world, plan)
    assert.equal(execution.status, 'undone')
    assert.equal(world.cluster.object<Deployment>('Deployment', 'web').spec?.replicas, 4)
    assert.equal(world.cluster.landed('patch').length, 2)
  })

  it('does not scale what somebody scaled to 0', async () => {
    const world = await createWorld({ replicas: 0 })
    const execution = await run(world, planFor(world, [{ action: 'scale@1', with: { replicas: 2 } }]))
    assert.equal(execution.refusal?.code, 'scaled-to-zero')
  })
})

describe('set-autoscaler-maximum@1', () => {
  it('leaves an autoscaler alone that an operator owns, whoever owns the workload', async () => {
    const world = await createWorld()
    const owner = { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', name: 'web', uid: 'uid-so', controller: true }
    const { kind = '', metadata } = world.cluster.put<HorizontalPodAutoscaler>({
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'keda-hpa-web', namespace: 'shop', ownerReferences: [owner] },
      spec: { scaleTargetRef: { kind: 'Deployment', name: 'web' }, minReplicas: 2, maxReplicas: 4 },
    })
    const { name = '', uid = '' } = metadata ?? {}
    const object = { cluster: 'test', kind, namespace: 'shop', name, uid }
    const given = { autoscaler: name, uid, maxReplicas: 6 }
    const step = { action: 'set-autoscaler-maximum@1', object, with: given, preconditions: [] }
    const execution = await run(world, planFor(world, [step]))
    assert.equal(execution.refusal?.code, 'owned-elsewhere')
    assert.deepEqual(world.cluster.landed(), [])
  })
})

describe('a plan of several steps', () => {
  it('takes back what was done when a later step is refused, the last first', async () => {
    const world = await createWorld()
    const steps = [
      { id: 'more', action: 'scale@1', with: { replicas: 6 } },
      { id: 'memory', action: 'set-resources@1', with: { container: 'app', memoryLimit: '96Mi' } },
      { id: 'fresh', action: 'restart@1' },
      { id: 'back', action: 'rollback@1', with: { toRevision: 9 } },
      { id: 'never', action: 'restart@1' },
    ]
    const execution = await run(world, planFor(world, steps))
    const web = world.cluster.object<Deployment>('Deployment', 'web')
    assert.deepEqual(statuses(execution), [
      'more: undone',
      'memory: undone',
      'fresh: failed',
      'back: refused',
      'never: refused',
    ])
    assert.equal(execution.steps[4]?.refusal?.code, 'not-reached')
    assert.equal(memoryOf(web), '64Mi')
    assert.equal(web.spec?.replicas, 4)
    assert.equal(execution.status, 'undone')
  })
})

/** A plan whose target is an object that is put there for it, with a person's yes. */
async function onObject(
  action: string,
  object: KubernetesObject,
  { given = {}, isHopeless = false }: { given?: Record<string, number>; isHopeless?: boolean } = {},
) {
  const world = await createWorld()
  const put = world.cluster.put(object)
  const { name = '', namespace = '', uid = '' } = put.metadata ?? {}
  const target = { cluster: 'test', kind: put.kind ?? '', namespace, name, uid }
  const preconditions = [{ field: 'metadata.uid', is: uid }]
  const plan = planFor(world, [{ action, object: target, with: given, preconditions }], {
    target,
    risk: 'high',
    expect: { withinSeconds: 30, holds: [isHopeless ? 'signal-cleared' : 'change-stands'] },
    ...(isHopeless && { anomalies: ['signal-1'] }),
  })
  await world.approve(plan)
  const execution = await run(world, plan)
  return { world, execution, now: world.cluster.object<Node & Deployment>(put.kind ?? '', name, namespace) }
}

const node = (
  annotations: Record<string, string>,
  spec: Node['spec'] = {},
  managedFields = ownedByUs('unschedulable'),
): Node => ({
  kind: 'Node',
  metadata: { name: 'node-9', labels: { 'kubewise.io/managed': 'true' }, annotations, managedFields },
  spec,
  status: { conditions: [{ type: 'Ready', status: 'True' }] },
})
const theirs = { key: 'dedicated', value: 'gpu', effect: 'NoSchedule' }
const ours = { key: 'kubewise.io/unhealthy', effect: 'NoSchedule' }

describe('what is set for a while', () => {
  it('is taken back with the word that it was us, so that what a person sets later is theirs', async () => {
    const cordoned = await onObject('cordon@1', node({}), { isHopeless: true })
    assert.deepEqual(
      [
        cordoned.execution.status,
        cordoned.now.spec?.unschedulable,
        cordoned.now.metadata?.annotations?.['kubewise.io/cordoned'],
      ],
      ['undone', undefined, ''],
    )
    const uncordoned = await onObject(
      'uncordon@1',
      node({ 'kubewise.io/cordoned': 'incident-0' }, { unschedulable: true }),
      {
        isHopeless: true,
      },
    )
    assert.deepEqual(
      [uncordoned.now.spec?.unschedulable, uncordoned.now.metadata?.annotations?.['kubewise.io/cordoned']],
      [true, 'incident-0'],
    )
  })

  it('leaves alone the taints of others', async () => {
    const tainted = await onObject('taint@1', node({}, { taints: [theirs] }))
    assert.deepEqual([tainted.execution.status, tainted.now.spec?.taints], ['recovered', [theirs, ours]])
    const back = await onObject('taint@1', node({}, { taints: [theirs] }), { isHopeless: true })
    assert.deepEqual([back.execution.status, back.now.spec?.taints], ['undone', [theirs]])
    const off = await onObject('untaint@1', node({}, { taints: [ours, theirs] }))
    assert.deepEqual([off.execution.status, off.now.spec?.taints], ['recovered', [theirs]])
  })

  const refusals: [string, string, Node, string][] = [
    ['a taint that is not there', 'untaint@1', node({}, { taints: [theirs] }), 'already-so'],
    ['a taint twice', 'taint@1', node({}, { taints: [ours] }), 'already-so'],
    ['a cordon of somebody else', 'uncordon@1', node({}, { unschedulable: true }), 'cordoned-by-others'],
    [
      'a cordon of a person where ours was before, as our word on it still says',
      'uncordon@1',
      node({ 'kubewise.io/cordoned': 'incident-0' }, { unschedulable: true }, ownedByAPerson('unschedulable')),
      'cordoned-by-others',
    ],
    [
      'a taint of our key with a value, which we never give',
      'untaint@1',
      node({}, { taints: [{ ...ours, value: 'disk' }] }),
      'already-so',
    ],
  ]
  for (const [given, action, object, code] of refusals)
    it(`refuses ${given}`, async () => {
      const { world, execution } = await onObject(action, object)
      assert.deepEqual([execution.status, execution.refusal?.code], ['refused', code])
      assert.deepEqual(world.cluster.landed('patch'), [])
    })
})

describe('a change whose answer did not come', () => {
  it('counts as done where the kill switch stops its repeat and it lands after all', async () => {
    const world = await createWorld()
    const plan = planFor(world, [{ action: 'scale@1', with: { replicas: 6 } }])
    world.cluster.fault = ({ verb, nth }) => (verb === 'patch' && nth === 1 ? 'very-late' : 'none')
    await world.start()
    await world.propose(plan)
    await world.clock.advance(2000)
    world.killFile.text = 'stop'
    await world.clock.advance(60_000)
    world.killFile.text = undefined
    const execution = await untilSettled(world, plan)
    await world.stop()
    assert.notEqual(execution.status, 'refused')
    assert.ok(execution.actedMs !== undefined, 'an attempt, with its rest')
  })
})

describe('what a person has set since', () => {
  it('is not taken back, though the flag looks the same', async () => {
    const world = await createWorld()
    const put = world.cluster.put<Node>(node({}))
    const target = { cluster: 'test', kind: 'Node', namespace: '', name: 'node-9', uid: put.metadata?.uid ?? '' }
    const plan = planFor(world, [{ action: 'cordon@1', object: target, preconditions: [] }], {
      target,
      risk: 'high',
      expect: { withinSeconds: 30, holds: ['signal-cleared'] },
      anomalies: ['signal-1'],
    })
    await world.approve(plan)
    await world.start()
    await world.propose(plan)
    for (let second = 0; second < 5; second++) await world.clock.advance(1000)
    const cordoned = world.cluster.object<Node>('Node', 'node-9', '')
    assert.equal(cordoned.spec?.unschedulable, true)
    world.cluster.put<Node>({
      ...cordoned,
      metadata: { ...cordoned.metadata, managedFields: ownedByAPerson('unschedulable') },
    })
    await untilSettled(world, plan)
    await world.stop()
    assert.equal(world.cluster.object<Node>('Node', 'node-9', '').spec?.unschedulable, true)
  })
})

describe('resume-rollout@1', () => {
  it('leaves alone what a person has paused', async () => {
    const world = await createWorld()
    const web = world.cluster.object<Deployment>('Deployment', 'web')
    world.cluster.put<Deployment>({ ...web, spec: { ...web.spec, paused: true } })
    const plan = planFor(world, [{ action: 'resume-rollout@1' }], { risk: 'high' })
    await world.approve(plan)
    const execution = await run(world, plan)
    assert.deepEqual([execution.status, execution.refusal?.code], ['refused', 'target-paused'])
    assert.equal(world.cluster.object<Deployment>('Deployment', 'web').spec?.paused, true)
  })
})

describe('steps that change nothing', () => {
  const later = { id: 'then', action: 'restart@1' }
  const waiting = (seconds: number) => ({ id: 'first', action: 'wait@1', with: { seconds } })

  it('are followed by nothing once the plan is out of date', async () => {
    const world = await createWorld()
    const plan = planFor(world, [waiting(120), later], { notAfterMs: world.clock.now() + 60_000 })
    const execution = await run(world, plan)
    assert.deepEqual([execution.status, execution.refusal?.code], ['refused', 'plan-expired'])
    assert.deepEqual(world.cluster.landed(), [])
  })

  it('are followed by nothing once the plan is out of date, also where something was done before', async () => {
    const world = await createWorld()
    const more = { id: 'more', action: 'scale@1', with: { replicas: 6 } }
    const plan = planFor(world, [more, waiting(120), later], { notAfterMs: world.clock.now() + 60_000 })
    const execution = await run(world, plan)
    assert.equal(execution.refusal?.code, 'plan-expired')
    assert.equal(execution.status, 'undone')
  })

  it('are followed by nothing once a person has paused the rollout', async () => {
    const world = await createWorld()
    const plan = planFor(world, [waiting(60), later])
    await world.start()
    await world.propose(plan)
    await world.clock.advance(20_000)
    const web = world.cluster.object<Deployment>('Deployment', 'web')
    world.cluster.put<Deployment>({ ...web, spec: { ...web.spec, paused: true } })
    const execution = await untilSettled(world, plan)
    await world.stop()
    assert.deepEqual([execution.status, execution.refusal?.code], ['refused', 'target-paused'])
    assert.deepEqual(world.cluster.landed(), [])
  })

  it('leave a plan that must wait for the kill switch waiting', async () => {
    const world = await createWorld()
    const plan = planFor(world, [waiting(30), later])
    await world.start()
    await world.propose(plan)
    await world.clock.advance(10_000)
    world.killFile.text = 'stop'
    await world.clock.advance(60_000)
    assert.deepEqual([world.execution(plan)?.status, world.execution(plan)?.refusal?.code], ['claimed', 'kill-switch'])
    world.killFile.text = undefined
    assert.equal((await untilSettled(world, plan)).status, 'recovered')
    await world.stop()
  })

  for (const given of [{ seconds: 5000 }, {}])
    it(`refuse what is beyond their bounds: ${JSON.stringify(given)}`, async () => {
      const world = await createWorld()
      const execution = await run(world, planFor(world, [{ action: 'wait@1', with: given }]))
      assert.deepEqual([execution.status, execution.refusal?.code], ['refused', 'parameters-invalid'])
    })

  it('do not call it well while containers go on dying', async () => {
    const world = await createWorld()
    const plan = planFor(world, [{ action: 'no-op@1' }], {
      expect: { withinSeconds: 30, holds: ['no-restarts-since-action'] },
    })
    await world.start()
    await world.propose(plan)
    await world.clock.advance(3000)
    const [pod] = world.cluster.all<Pod>('Pod')
    const finishedAt = new Date(world.clock.now() - 1000).toISOString()
    const died = {
      name: 'app',
      ready: true,
      restartCount: 1,
      lastState: { terminated: { exitCode: 1, reason: 'Error', finishedAt } },
    }
    world.cluster.put<Pod>({ ...pod, status: { ...pod?.status, containerStatuses: [died] } })
    assert.notEqual((await untilSettled(world, plan)).status, 'recovered')
    await world.stop()
  })

  it('wait as long as they say, and let what follows begin then', async () => {
    const world = await createWorld()
    const steps = [
      { id: 'first', action: 'wait@1', with: { seconds: 30 } },
      { id: 'then', action: 'scale@1', with: { replicas: 6 } },
    ]
    const execution = await run(world, planFor(world, steps))
    const [first, then] = execution.steps
    assert.equal(execution.status, 'recovered')
    assert.equal((first?.observedMs ?? 0) - (first?.intentMs ?? 0), 30_000)
    assert.ok((then?.intentMs ?? 0) >= (first?.observedMs ?? Infinity))
  })

  for (const action of ['no-op@1', 'notify@1'])
    it(`${action} alone ends by what is expected, and nothing is written`, async () => {
      const world = await createWorld()
      const execution = await run(world, planFor(world, [{ action }]))
      assert.deepEqual([execution.status, world.cluster.landed()], ['recovered', []])
      assert.equal(execution.actedMs, undefined)
    })

  it('propose a patch where there is one, and nothing else', async () => {
    const world = await createWorld()
    const without = await run(world, planFor(world, [{ action: 'propose-patch@1' }]))
    assert.deepEqual([without.status, without.refusal?.code], ['refused', 'no-proposal'])
    const other = await createWorld()
    const proposal = { object: WEB, patch: 'spec:\n  replicas: 3\n', say: 'Commit this.' }
    const told = await run(other, planFor(other, [{ action: 'propose-patch@1' }], { proposal }))
    assert.deepEqual([told.status, other.cluster.landed()], ['escalated', []])
  })
})

describe('escalate@1', () => {
  it('only tells, also in mode observe and where nothing else may be done', async () => {
    const world = await createWorld()
    const plan = planFor(world, [escalate], { mode: 'observe' })
    const execution = await run(world, plan)
    assert.equal(execution.status, 'escalated')
    assert.deepEqual(world.cluster.writes, [])
    assert.equal(world.store.documents(COLLECTIONS.targets)[0]?.coolingUntilMs, 0)
  })
})
