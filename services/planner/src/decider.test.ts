import assert from 'node:assert/strict'
import { planHash, SETTLED, type Execution } from '@kubewise/contracts'
import { KubeError } from '@kubewise/kube'
import { VirtualClock } from '@kubewise/testkit'
import { benchOf, type Bench } from './fixture/bench.ts'
import { signal, type World } from './fixture/context.ts'
import { NOW } from './fixture/objects.ts'
import { testRecord } from './fixture/record.ts'
import { crashing, rollout, settled } from './fixture/worlds.ts'

const broken = () => rollout(crashing)
const MINUTE = 60_000

const hints = ({ published }: Bench) => published.filter(({ body }) => body.kind === 'plan-hint')
const notices = ({ published }: Bench) =>
  published.filter(({ body }) => body.kind === 'incident').map(({ body }) => body.change)

describe('a decision', () => {
  it('becomes one plan, the incident’s decision, a hint and a notice', async () => {
    await using record = await testRecord()
    const bench = await benchOf(record.store, broken)
    await bench.decide()
    const [plan, ...others] = await bench.plans()
    assert.ok(plan)
    assert.equal(others.length, 0)
    const { hash, _id, version: _version, ...body } = plan
    assert.equal(planHash(body), hash)
    assert.deepEqual(
      plan.steps.map(({ action, with: given }) => [action, given]),
      [['rollback@1', { toRevision: 1 }]],
    )
    assert.deepEqual(
      plan.steps[0]?.preconditions.map(({ field }) => field),
      ['metadata.uid', 'spec.template'],
    )
    assert.deepEqual(
      [plan.risk, plan.mode, plan.evidence, plan.cause, plan.attempt],
      ['medium', 'auto', 'state', 'bad-rollout', 1],
    )
    assert.equal(plan.notAfterMs - plan.createdMs, 600_000)
    assert.deepEqual(plan.refusals, [])
    assert.match(
      plan.reasoning,
      /^A rollout brought pods that cannot run.* Seen: 1 of 4 pods cannot run \(CrashLoopBackOff\), all of the newest revision; revision 2 came 30 s ago, revision 1 is healthy; 3 of 3 wanted pods are ready\.$/,
    )
    assert.ok(plan.cites.includes('fact:rollout.lastHealthy.exists') && plan.cites.includes('fact:pods/new'))
    const { decision, cause, plans } = await bench.read()
    assert.deepEqual(
      [decision?.outcome, decision?.code, decision?.plan, cause, plans],
      ['plan', 'bad-rollout', _id, 'bad-rollout', [_id]],
    )
    assert.deepEqual(
      hints(bench).map(({ body: hint, id }) => [hint.plan, id]),
      [[_id, undefined]],
    )
    assert.deepEqual(notices(bench), ['updated'])
    assert.deepEqual(bench.asked, ['json true'])
  })

  it('that equals the last one makes nothing new, but hints again while nobody has taken the plan up', async () => {
    await using record = await testRecord()
    const bench = await benchOf(record.store, broken)
    for (let round = 0; round < 3; round++) await bench.decide()
    assert.equal((await bench.plans()).length, 1)
    assert.equal(hints(bench).length, 3)
    assert.deepEqual(notices(bench), ['updated'])
    assert.equal(bench.asked.length, 1)
    await bench.settle((await bench.plans())[0]!._id, { status: 'running', actedMs: NOW })
    await bench.decide()
    assert.equal((await bench.read()).decision?.code, 'execution-under-way')
    assert.equal(hints(bench).length, 3)
  })

  it('is the same plan whoever takes it, at the same moment', async () => {
    await using record = await testRecord()
    const one = await benchOf(record.store, broken)
    const other = await benchOf(record.store, broken)
    await Promise.all([one.decide(), other.decide()])
    assert.equal((await one.plans()).length, 1)
  })

  for (const label of ['planner:plan-inserted', 'planner:incident-decided', 'planner:hint-published'])
    it(`is completed after a death at ${label}: one plan, and a hint at it`, async () => {
      await using record = await testRecord()
      await (await benchOf(record.store, broken, { dieAt: label })).decide()
      const bench = await benchOf(record.store, broken)
      await bench.decide()
      const plans = await bench.plans()
      assert.equal(plans.length, 1)
      assert.equal((await bench.read()).decision?.plan, plans[0]?._id)
      assert.equal(hints(bench).length, 1)
    })

  it('waits while the context cannot be read, and is taken when it can', async () => {
    await using record = await testRecord()
    const clock = new VirtualClock(NOW)
    const down = new KubeError({ kind: 'unreachable', message: 'connection refused' })
    const bench = await benchOf(record.store, broken, {
      clock,
      unread: () => (clock.monotonic() === 0 ? down : undefined),
    })
    await bench.decide()
    const { decision } = await bench.read()
    assert.deepEqual([decision?.outcome, decision?.code], ['wait', 'context-incomplete'])
    assert.match(decision?.say ?? '', /connection refused/)
    assert.deepEqual(await bench.plans(), [])
    await clock.advance(2_000)
    await bench.idle()
    assert.equal((await bench.read()).decision?.outcome, 'plan')
  })

  it('tells people, once, when the context could not be read for long', async () => {
    await using record = await testRecord()
    const clock = new VirtualClock(NOW)
    let isDown = true
    const down = new KubeError({ kind: 'unreachable', message: 'connection refused' })
    const bench = await benchOf(record.store, broken, { clock, unread: () => (isDown ? down : undefined) })
    await bench.decide()
    for (let minute = 0; minute < 8; minute++) {
      if (minute === 4) assert.deepEqual(await bench.plans(), [])
      await clock.advance(MINUTE)
      await bench.idle()
    }
    const [plan, ...more] = await bench.plans()
    assert.deepEqual([plan?.steps.map(({ action }) => action), more], [['escalate@1'], []])
    assert.match(plan?.reasoning ?? '', /not been looked at for 5 minutes.*connection refused/)
    const { decision } = await bench.read()
    assert.deepEqual([decision?.outcome, decision?.code, decision?.plan], ['escalate', 'context-incomplete', plan?._id])
    assert.equal(hints(bench).length, 1)
    isDown = false
    await clock.advance(MINUTE)
    await bench.idle()
    assert.equal((await bench.read()).decision?.outcome, 'plan')
  })

  for (const [what, options] of [
    ['whose context can never be read', { unread: () => new KubeError({ kind: 'forbidden', message: 'no' }) }],
    [
      'that can never be decided',
      {
        muted: () => {
          throw new TypeError('a mistake')
        },
      },
    ],
  ] as const)
    it(`ends also for an incident ${what}`, async () => {
      await using record = await testRecord()
      const world = (): World => ({ ...broken(), incident: { openedMs: NOW - 8 * 24 * 3_600_000 } })
      const bench = await benchOf(record.store, world, options)
      await bench.decide()
      const { status, resolution } = await bench.read()
      assert.deepEqual([status, resolution?.code], ['resolved', 'open-too-long'])
    })

  it('to do nothing is a plan without steps, with its cause and reason', async () => {
    await using record = await testRecord()
    const bench = await benchOf(record.store, () =>
      rollout({ ready: false, ageSeconds: 20 }, { rule: 'pod-not-ready' }),
    )
    await bench.decide()
    const [plan] = await bench.plans()
    assert.deepEqual([plan?.steps, plan?.fallback, plan?.cause, plan?.risk], [[], [], 'rollout-in-progress', 'low'])
    assert.match(plan?.reasoning ?? '', /within its deadline/)
    assert.equal((await bench.read()).decision?.outcome, 'no-action')
  })

  it('takes the place of an older one, and what is decided again is planned again, since the executor takes the newest alone', async () => {
    await using record = await testRecord()
    let world = broken()
    const clock = new VirtualClock(NOW)
    const bench = await benchOf(record.store, () => world, { clock })
    await bench.decide()
    world = rollout({ ready: false, ageSeconds: 20 })
    await clock.advance(1_000)
    await bench.decide()
    world = broken()
    await clock.advance(1_000)
    await bench.decide()
    const { plans, decision } = await bench.read()
    const made = await bench.plans()
    assert.deepEqual(
      made.map(({ cause }) => cause),
      ['bad-rollout', 'rollout-in-progress', 'bad-rollout'],
    )
    assert.deepEqual([decision?.plan, plans.at(-1)], [made[2]?._id, made[2]?._id])
    await bench.decide()
    assert.equal((await bench.plans()).length, 3)
  })

  it('ends the incident when it is over, and tells it', async () => {
    await using record = await testRecord()
    const over = () => settled([{}, {}, {}], { signals: [signal('crash-loop', 'web-0', { resolvedMs: NOW - 1000 })] })
    const bench = await benchOf(record.store, over)
    await bench.decide()
    const { status, resolvedMs } = await bench.read()
    assert.deepEqual([status, resolvedMs], ['resolved', NOW])
    assert.deepEqual(notices(bench), ['resolved'])
    assert.deepEqual(await bench.plans(), [])
  })
})

describe('what stands in the way of a plan', () => {
  it('in mode observe is told with what it would have done, and the cluster is not asked about it', async () => {
    await using record = await testRecord()
    const bench = await benchOf(record.store, broken, { mode: 'observe' })
    await bench.decide()
    const [plan] = await bench.plans()
    assert.equal(plan?.steps.length, 1)
    assert.deepEqual([plan?.mode, plan?.refusals.map(({ code }) => code)], ['observe', ['mode-observe']])
    assert.deepEqual(bench.asked, [])
  })

  it('where nobody opted in is told alike, and decided anew once somebody does', async () => {
    await using record = await testRecord()
    let namespace: World['namespace'] = { metadata: { name: 'shop' } }
    const bench = await benchOf(record.store, () => ({ ...broken(), ...(namespace && { namespace }) }))
    await bench.decide()
    assert.deepEqual(
      (await bench.plans())[0]?.refusals.map(({ code }) => code),
      ['not-managed'],
    )
    assert.deepEqual(bench.asked, [])
    namespace = { metadata: { name: 'shop', labels: { 'kubewise.io/managed': 'true' } } }
    await bench.decide()
    const plans = await bench.plans()
    assert.deepEqual(
      plans.map(({ refusals }) => refusals.length),
      [1, 0],
    )
    assert.equal((await bench.read()).plans.at(-1), plans[1]?._id)
  })

  it('is the API server itself: a change that it would not take is left to a person, in its own words', async () => {
    await using record = await testRecord()
    const bench = await benchOf(record.store, broken, {
      dryRun: () => {
        throw new KubeError({ kind: 'forbidden', message: 'admission webhook "policy" denied the request: no' })
      },
    })
    await bench.decide()
    const [plan] = await bench.plans()
    assert.deepEqual(
      plan?.steps.map(({ action }) => action),
      ['escalate@1'],
    )
    assert.match(plan?.reasoning ?? '', /denied the request: no/)
    assert.equal((await bench.read()).decision?.code, 'admission-denied')
  })

  for (const kind of ['forbidden', 'unreachable'] as const)
    it(`is not a question that could not be put (${kind}): then confidence is lower`, async () => {
      await using record = await testRecord()
      const bench = await benchOf(record.store, broken, {
        dryRun: () => {
          throw new KubeError({
            kind,
            message: 'deployments.apps "web" is forbidden: User "planner" cannot patch resource "deployments"',
          })
        },
      })
      await bench.decide()
      const [plan] = await bench.plans()
      assert.deepEqual([plan?.steps[0]?.action, plan?.confidence.parts['preflight']], ['rollback@1', 0.5])
      assert.ok(plan!.confidence.value < 1)
    })
})

describe('a plan that came to nothing', () => {
  async function afterwards(changes: Partial<Execution> | undefined, waitMs: number): Promise<number> {
    await using record = await testRecord()
    const clock = new VirtualClock(NOW)
    const bench = await benchOf(record.store, broken, { clock })
    await bench.decide()
    if (changes) await bench.settle((await bench.plans())[0]!._id, changes)
    await clock.advance(waitMs)
    await bench.decide()
    return (await bench.plans()).length
  }
  const refused = (code: string): Partial<Execution> => ({ status: 'refused', refusal: { code, say: 'x' } })
  const cases: [string, Partial<Execution> | undefined, number, number][] = [
    ['refused since the target had changed, is made anew after a rest', refused('precondition-failed'), 15_000, 2],
    ['refused, is not made anew at once', refused('precondition-failed'), 14_000, 1],
    [
      'that waits for a guard, is neither under way nor made again',
      { status: 'claimed', refusal: { code: 'cooldown', say: 'x' } },
      60_000,
      1,
    ],
    ['rejected by a person, is not made again', refused('approval-rejected'), 300_000, 1],
    ['that nobody took up in time, is made anew', undefined, 600_000, 2],
    ['that still waits for somebody, is not', undefined, 599_000, 1],
  ]
  for (const [what, changes, waitMs, expected] of cases)
    it(what, async () => assert.equal(await afterwards(changes, waitMs), expected))

  it('is no settled state that is forgotten here', () => assert.ok(SETTLED.includes('refused')))
})
