import assert from 'node:assert/strict'
import { hashOf, type Outcome, type Plan } from '@kubewise/contracts'
import { GUARDS } from '@kubewise/policy'
import { benchOf } from '../fixture/bench.ts'
import { signal, type World } from '../fixture/context.ts'
import { deployment, NOW } from '../fixture/objects.ts'
import { testRecord } from '../fixture/record.ts'
import {
  crashing,
  killedTwice,
  memoryKill,
  outlier,
  rolling,
  rollout,
  runaway,
  settled,
  v1,
  v2,
} from '../fixture/worlds.ts'

async function planIn(world: World): Promise<Plan> {
  await using record = await testRecord()
  const bench = await benchOf(record.store, () => world)
  await bench.decide()
  const [plan] = await bench.plans()
  return plan ?? assert.fail('no plan')
}

const target = { cluster: 'prod', kind: 'Deployment', namespace: 'shop', name: 'web', uid: 'uid-web' }

describe('a plan’s step', () => {
  it('that rolls back names the revision, rests on the very template, and shows templates by their hashes alone', async () => {
    const { steps, impact, expect, fallback } = await planIn(rollout(crashing))
    assert.deepEqual(steps, [
      {
        id: 'rollback',
        action: 'rollback@1',
        object: target,
        with: { toRevision: 1 },
        needs: [],
        timeoutSeconds: 120,
        preconditions: [
          { field: 'metadata.uid', is: 'uid-web' },
          { field: 'spec.template', hash: hashOf(rolling.spec?.template) },
        ],
        changes: [
          { path: '/spec/template', before: hashOf(v2).slice(0, 16), after: hashOf(v1).slice(0, 16) },
          { path: '/spec/template/spec/containers/0/image', before: 'web:2', after: 'web:1' },
        ],
      },
    ])
    assert.deepEqual(impact, { pods: 1, readyPodsTaken: 0, readyShare: 0, restarts: true })
    assert.deepEqual(expect?.holds, ['workload-available', 'no-restarts-since-action', 'signal-cleared'])
    assert.deepEqual(
      fallback.map(({ action }) => action),
      ['escalate@1'],
    )
  })

  it('that did not help the last three times is asked of a person, who is told so', async () => {
    const outcomes = [1, 2, 3].map((days): Outcome => ({
      _id: `plan-${days}`,
      version: 1,
      cluster: 'prod',
      target: { ...target, name: 'other' },
      workloadKind: 'Deployment',
      cause: 'bad-rollout',
      action: 'rollback@1',
      result: 'not-recovered',
      confidence: 0.9,
      endedMs: NOW - days * 86_400_000,
    }))
    const { mode, confidence, reasoning } = await planIn({ ...rollout(crashing), outcomes })
    const usual = await planIn(rollout(crashing))
    assert.deepEqual([mode, usual.mode], ['approve', 'auto'])
    assert.ok(confidence.value < usual.confidence.value)
    assert.match(reasoning, /did not help the last 3 times/)
  })

  it('that raises a limit shows it before and after', async () => {
    const { steps, evidence } = await planIn(
      settled([killedTwice, {}, {}], { signals: [signal('memory-kill', 'web-0')], features: memoryKill }),
    )
    assert.deepEqual(steps[0]?.changes, [
      { path: '/spec/template/spec/containers/0/resources/limits/memory', before: '64Mi', after: '96Mi' },
    ])
    assert.deepEqual(
      steps[0]?.preconditions.map(({ field }) => field),
      ['metadata.uid', 'spec.template'],
    )
    assert.equal(evidence, 'state')
  })

  it('that evicts acts on the one pod by its uid, and rests on the metric it was born of', async () => {
    const { steps, evidence, metrics, impact, risk } = await planIn(
      settled([{}, {}, {}], { signals: [outlier], features: runaway }),
    )
    assert.deepEqual(steps[0]?.object, { ...target, kind: 'Pod', name: 'web-0', uid: 'uid-web-0' })
    assert.deepEqual(steps[0]?.preconditions, [{ field: 'metadata.uid', is: 'uid-web-0' }])
    assert.deepEqual([evidence, metrics, risk], ['metric', ['pod_cpu_utilization_pct'], 'low'])
    assert.deepEqual([impact.readyPodsTaken, Math.round(impact.readyShare * 100)], [1, 33])
  })

  it('that calls a person changes nothing and expects nothing', async () => {
    const { steps, expect, risk, impact } = await planIn(settled([crashing, {}, {}]))
    assert.deepEqual(
      steps.map(({ action, object, preconditions, changes }) => ({ action, object, preconditions, changes })),
      [{ action: 'escalate@1', object: target, preconditions: [], changes: [] }],
    )
    assert.deepEqual([expect, risk, impact.pods], [undefined, 'low', 0])
  })

  it('is whole by its own hash, as the guard of the executor sees it', async () => {
    const plan = await planIn(rollout(crashing))
    assert.equal(GUARDS.integrity({ plan } as never), undefined)
    assert.equal(GUARDS.integrity({ plan: { ...plan, risk: 'low' } } as never)?.code, 'plan-altered')
  })

  it('holds no value of the environment, whatever is in the templates', async () => {
    const secret = {
      ...v2,
      spec: { containers: [{ name: 'app', image: 'web:2', env: [{ name: 'PASSWORD', value: 'hunter2-hunter2' }] }] },
    }
    const target = deployment(secret, { status: rolling.status ?? {} })
    const plan = await planIn({ ...rollout(crashing), target })
    assert.ok(!JSON.stringify(plan).includes('hunter2'))
  })
})
