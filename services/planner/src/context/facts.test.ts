import assert from 'node:assert/strict'
import { DEFAULT_LIMITS } from '@kubewise/policy'
import { celFacts } from '@kubewise/playbooks'
import { contextOf, execution, signal, type World } from '../fixture/context.ts'
import {
  before,
  deployment,
  endpoints,
  MINUTE,
  NOW,
  pod,
  replicaSet,
  SECOND,
  service,
  statefulSet,
  template,
} from '../fixture/objects.ts'
import { factsOf } from './facts.ts'
import { isSelected, selectorText } from './selector.ts'

const v1 = template({ env: { DB: 'postgres://u:p@db:5432/x' } })
const web = deployment(v1)
const rs = replicaSet(web, 1, v1, { wanted: 1 })
const facts = (world: Partial<World>) => factsOf(contextOf({ target: web, children: [rs], ...world }), DEFAULT_LIMITS)

describe('the facts of an incident', () => {
  it('are complete and of the declared types, whatever is absent', () => {
    celFacts(factsOf(contextOf({ target: undefined }), DEFAULT_LIMITS))
    celFacts(facts({ pods: [pod(rs, 'h1')] }))
  })

  it('know that the target is gone', () =>
    assert.equal(factsOf(contextOf({ target: undefined }), DEFAULT_LIMITS).target.exists, false))

  it('count only pods that are ready and stay', () => {
    const pods = [pod(rs, 'h1'), pod(rs, 'h1', { isTerminating: true }), pod(rs, 'h1', { ready: false })]
    assert.deepEqual(
      [facts({ pods }).target].map(({ wanted, ready }) => [wanted, ready]),
      [[3, 1]],
    )
  })

  const optIns: [string | undefined, string | undefined, boolean][] = [
    ['true', undefined, true],
    [undefined, 'true', true],
    ['false', 'true', true],
    ['true', 'false', false],
    ['true', 'yes', false],
    [undefined, undefined, false],
  ]
  for (const [namespaces, own, expected] of optIns)
    it(`namespace labelled ${namespaces}, workload ${own} → ${expected ? 'managed' : 'not managed'}`, () => {
      const label = (value: string | undefined) => (value === undefined ? {} : { 'kubewise.io/managed': value })
      const target = deployment(v1, { metadata: { labels: label(own) } })
      const seen = facts({ target, namespace: { metadata: { name: 'shop', labels: label(namespaces) } } })
      assert.equal(seen.target.managed, expected)
    })

  it('know who else owns the target', () => {
    const owned = (metadata: object) => facts({ target: deployment(v1, { metadata }) }).target.ownedBy
    assert.equal(owned({ labels: { 'argocd.argoproj.io/instance': 'shop' } }), 'Argo CD shop')
    assert.equal(
      owned({
        labels: { 'kustomize.toolkit.fluxcd.io/name': 'apps', 'kustomize.toolkit.fluxcd.io/namespace': 'flux' },
      }),
      'Flux flux/apps',
    )
    assert.equal(
      owned({
        ownerReferences: [{ apiVersion: 'db.example/v1', kind: 'Cluster', name: 'pg', uid: 'u', controller: true }],
      }),
      'the operator of Cluster/pg',
    )
    assert.equal(owned({ labels: { 'app.kubernetes.io/managed-by': 'Helm' } }), '')
  })

  it('take a kind that cannot be read for somebody else’s', () => {
    const { target } = factsOf({ ...contextOf({ target: undefined }), isReadable: false }, DEFAULT_LIMITS)
    assert.deepEqual([target.exists, target.ownedBy], [true, 'the operator of Deployment'])
  })

  it('know a wish for none, an autoscaler and a pause', () => {
    const spec = { scaleTargetRef: { kind: 'Deployment', name: 'web' } }
    const target = deployment(v1, { spec: { replicas: 0, paused: true } })
    const seen = facts({ target, autoscalers: [{ metadata: { name: 'web' }, spec }] }).target
    assert.deepEqual([seen.scaledToZero, seen.hasAutoscaler, seen.paused], [true, true, true])
    const others = facts({ autoscalers: [{ spec: { scaleTargetRef: { kind: 'StatefulSet', name: 'web' } } }] }).target
    assert.deepEqual([others.scaledToZero, others.hasAutoscaler, others.paused], [false, false, false])
  })

  it('leave out signals that ended, or speak of pods that are gone', () => {
    const pods = [pod(rs, 'h1', { name: 'here' }), pod(rs, 'h1', { name: 'going', isTerminating: true })]
    const signals = [
      signal('crash-loop', 'here'),
      signal('crash-loop', 'gone'),
      signal('crash-loop', 'going'),
      signal('image-pull', 'here', { resolvedMs: NOW }),
      signal('rollout-stuck'),
    ]
    const seen = facts({ pods, signals }).signals
    assert.deepEqual(
      seen.map(({ rule, name }) => `${rule} ${name}`),
      ['crash-loop here', 'rollout-stuck web'],
    )
    assert.equal(seen[0]?.ageSeconds, 5)
  })

  describe('of dependencies', () => {
    const services = [service('db'), service('cache')]
    it('tell which Services that it names have no ready endpoint', () => {
      const names = (endpointSlices: World['endpointSlices']) =>
        facts({ services, ...(endpointSlices && { endpointSlices }) }).dependencies
      assert.deepEqual(names([endpoints('db', 0)]), [{ namespace: 'shop', name: 'db', available: false }])
      assert.deepEqual(names([endpoints('db', 2)]), [{ namespace: 'shop', name: 'db', available: true }])
    })
    it('leave out one that only the newest release names: that is the release’s own doing', () => {
      const next = template({ image: 'web:2', env: { DB: 'cache' } })
      const target = deployment(next)
      const children = [rs, replicaSet(target, 2, next, { ageSeconds: 10 })]
      const seen = facts({ target, children, services, pods: [pod(rs, 'h1')] })
      assert.deepEqual(seen.dependencies, [])
    })
  })

  describe('of a rollout', () => {
    const next = template({ image: 'web:2' })
    const target = deployment(next, { status: { updatedReplicas: 1, replicas: 4, availableReplicas: 3 } })
    const children = [rs, replicaSet(target, 2, next, { ageSeconds: 20 })]
    it('tell what came when, and whether it is through', () => {
      const { rollout } = facts({
        target,
        children,
        pods: [pod(rs, 'h1'), pod(children[1], 'h2', { waiting: 'ImagePullBackOff' })],
      })
      const { lastHealthy, changed: _changed, ...rest } = rollout
      assert.deepEqual(rest, {
        current: 'h2',
        revision: 2,
        ageSeconds: 20,
        complete: false,
        deadlineExceeded: false,
        failingPods: 1,
      })
      assert.deepEqual(lastHealthy, { exists: true, revision: 1, name: 'web-h1', ageSeconds: 0 })
    })
    it('know nothing of the newest template before its ReplicaSet is there', () => {
      const { rollout } = facts({ target, children: [rs] })
      assert.deepEqual([rollout.current, rollout.complete], ['', false])
    })
    it('hold it for through when its controller has said so, also when pods fall ill later', () => {
      const conditions = [{ type: 'Progressing', status: 'True' as const, reason: 'NewReplicaSetAvailable' }]
      const ill = deployment(v1, { status: { availableReplicas: 1, readyReplicas: 1, conditions } })
      assert.equal(facts({ target: ill }).rollout.complete, true)
    })
    it('know a deadline that has passed', () => {
      const conditions = [{ type: 'Progressing', status: 'False' as const, reason: 'ProgressDeadlineExceeded' }]
      const { rollout } = facts({ target: deployment(next, { status: { updatedReplicas: 1, conditions } }) })
      assert.deepEqual([rollout.complete, rollout.deadlineExceeded], [false, true])
    })
    it('do not hold a StatefulSet’s first rollout for through while it goes on', () => {
      const born = NOW - 2 * MINUTE
      const sts = statefulSet(v1, {
        metadata: { creationTimestamp: new Date(born).toISOString() },
        status: {
          readyReplicas: 1,
          replicas: 2,
          updatedReplicas: 2,
          currentRevision: 'web-h1',
          updateRevision: 'web-h1',
        },
      })
      const record = {
        _id: 'x',
        version: 1,
        target: { cluster: 'c', kind: 'StatefulSet', namespace: 'shop', name: 'web' },
        watchedSinceMs: born,
        healthy: [],
      }
      const complete = (revisionRecord: World['revisionRecord']) =>
        factsOf(contextOf({ target: sts, revisionRecord }), DEFAULT_LIMITS).rollout.complete
      assert.deepEqual([complete(undefined), complete(record)], [true, false])
    })
  })

  it('know the worst runaway among the pods that are there', () => {
    const signals = [signal('sibling-outlier', 'web-h1-x', { source: 'metric' })]
    const features = { 'sibling-outlier': { value: 90, siblings: 9, ratio: 10 } }
    assert.deepEqual(facts({ pods: [pod(rs, 'h1')], signals, features }).runaway, {
      exists: true,
      pod: 'web-h1-x',
      uid: 'uid-web-h1-x',
      value: 90,
      siblings: 9,
      ratio: 10,
      ready: true,
    })
    assert.equal(facts({ pods: [pod(rs, 'h1', { name: 'other' })], signals, features }).runaway.exists, false)
    assert.equal(
      facts({ pods: [pod(rs, 'h1')], signals: [signal('sibling-outlier-memory', 'web-h1-x')], features }).runaway
        .exists,
      false,
    )
  })

  it('judge a CronJob by its newest Job', () => {
    const job = (name: string, type: string, age: number) => ({
      metadata: { name, creationTimestamp: before(age) },
      status: { conditions: [{ type, status: 'True' as const }] },
    })
    const seen = facts({ jobs: [job('old', 'Failed', 7200), job('new', 'Complete', 60)] })
    assert.deepEqual(seen.job, { exists: true, complete: true, failed: false })
  })

  it('take the least of the disruption budgets that match', () => {
    const budget = (name: string, app: string, disruptionsAllowed: number) => ({
      metadata: { name },
      spec: { selector: { matchLabels: { app } } },
      status: { disruptionsAllowed },
    })
    const budgets = [budget('a', 'web', 2), budget('b', 'web', 1), budget('c', 'other', 0)]
    assert.deepEqual(facts({ budgets, pods: [pod(rs, 'h1')] }).budget, {
      exists: true,
      disruptionsAllowed: 1,
      deadlocked: false,
    })
    assert.deepEqual(facts({ budgets: [], pods: [pod(rs, 'h1')] }).budget, {
      exists: false,
      disruptionsAllowed: 0,
      deadlocked: false,
    })
  })

  it('count as attempts only plans of which something was done', () => {
    const { actedMs: _, ...refused } = execution('refused')
    const told = execution('escalated', {
      steps: execution('escalated').steps.map((step) => ({ ...step, action: 'escalate@1' })),
    })
    assert.deepEqual(facts({ executions: [refused, told] }).attempts.count, 0)
    assert.deepEqual(facts({ executions: [refused, execution('undone')] }).attempts, {
      count: 1,
      lastAction: 'rollback@1',
      lastOutcome: 'undone',
    })
  })

  it('know how long the incident is open', () =>
    assert.equal(facts({ incident: { openedMs: NOW - 90 * SECOND } }).now.openSeconds, 90))
})

describe('a label selector', () => {
  const selector = {
    matchLabels: { app: 'web' },
    matchExpressions: [
      { key: 'tier', operator: 'In' as const, values: ['a', 'b'] },
      { key: 'env', operator: 'NotIn' as const, values: ['dev'] },
      { key: 'team', operator: 'Exists' as const },
      { key: 'old', operator: 'DoesNotExist' as const },
    ],
  }
  it('is written as a query', () =>
    assert.equal(selectorText(selector), 'app=web,tier in (a,b),env notin (dev),team,!old'))
  it('takes what fits', () => {
    assert.equal(isSelected(selector, { app: 'web', tier: 'a', team: 'x' }), true)
    assert.equal(isSelected(selector, { app: 'web', tier: 'c', team: 'x' }), false)
    assert.equal(isSelected(selector, { app: 'web', tier: 'a', team: 'x', env: 'dev' }), false)
    assert.equal(isSelected(selector, { app: 'web', tier: 'a', team: 'x', old: '1' }), false)
  })
  it('takes all when empty and none when absent', () => {
    assert.equal(isSelected({}, {}), true)
    assert.equal(isSelected(undefined, {}), false)
    assert.equal(selectorText({}), undefined)
  })
})
