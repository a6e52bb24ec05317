import assert from 'node:assert/strict'
import { type PlanCheck } from '@kubewise/contracts'
import { KubeError, type HorizontalPodAutoscaler, type PodDisruptionBudget, type ResourceQuota } from '@kubewise/kube'
import { known, unknown } from '@kubewise/policy'
import type { World } from '../fixture/context.ts'
import { evaluated, shortly, templateWith, type EvaluationOptions } from '../fixture/evaluation.ts'
import { deployment, endpoints, pod, replicaSet, service, statefulSet } from '../fixture/objects.ts'
import { node } from '../fixture/place.ts'
import { crashing, rollout, settled, v1 } from '../fixture/worlds.ts'
import { CHECKS } from './check.ts'
import { preflightShare } from './evaluate.ts'

type Steps = [string, Record<string, string | number>][]
const evict: Steps = [['evict-pod@1', { pod: 'web-0', uid: 'uid-web-0' }]]
const rollback: Steps = [['rollback@1', { toRevision: 1 }]]
const restart: Steps = [['restart@1', {}]]
const scale = (replicas: number): Steps => [['scale@1', { replicas }]]
const raise: Steps = [['set-resources@1', { container: 'app', memoryLimit: '96Mi' }]]

const three = () => settled([{}, {}, {}])
const full: ResourceQuota = {
  metadata: { name: 'team' },
  spec: { hard: { pods: '3' } },
  status: { hard: { pods: '3' }, used: { pods: '3' } },
}
const over: ResourceQuota = { ...full, status: { hard: { pods: '2' }, used: { pods: '3' } } }
const budget = (disruptionsAllowed: number, name = 'web'): PodDisruptionBudget => ({
  metadata: { name },
  spec: { selector: { matchLabels: { app: 'web' } } },
  status: { disruptionsAllowed },
})
const autoscaler: HorizontalPodAutoscaler = {
  metadata: { name: 'web' },
  spec: { scaleTargetRef: { kind: 'Deployment', name: 'web' } },
}
const ofKeda: HorizontalPodAutoscaler = {
  metadata: {
    name: 'web',
    uid: 'uid-hpa',
    ownerReferences: [
      { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', name: 'web', uid: 'uid-so', controller: true },
    ],
  },
  spec: { ...autoscaler.spec, scaleTargetRef: { kind: 'Deployment', name: 'web' }, minReplicas: 2, maxReplicas: 4 },
}
const argo = deployment(v1, { metadata: { labels: { 'argocd.argoproj.io/instance': 'shop' } } })
const restricted = { metadata: { name: 'shop', labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } }
const failing = pod(undefined, '', { name: 'other', waiting: 'ImagePullBackOff' })
const waiting = { ...failing, spec: { containers: [{ name: 'app', image: 'web:1' }] } }
const quotaRefusal = 'pods "x" is forbidden: exceeded quota: team, requested: pods=1, used: pods=3, limited: pods=3'
const says = (message: string, kind: 'forbidden' | 'unavailable' = 'forbidden') => ({
  server(verb: string) {
    if (verb === 'create') throw new KubeError({ kind, message })
  },
})
const noPods: EvaluationOptions = {
  isAllowed: ({ verb, resource, subresource }) =>
    !(verb === 'create' && resource === 'pods' && subresource === undefined),
}
const tight = (world: World): World => {
  const exact = deployment(v1, {
    spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } },
  })
  return { ...world, target: exact }
}

const found = (checks: readonly PlanCheck[]) =>
  checks.filter(({ verdict }) => verdict !== 'passed').map((check) => `${check.name} ${shortly(check)}`)

describe('the evaluation of a plan', () => {
  const rows: [string, World, Steps, EvaluationOptions, string | undefined][] = [
    ['nothing in the way', three(), evict, {}, undefined],
    [
      'a quota that is full, and the pod goes first',
      three(),
      evict,
      { around: { quotas: known([full]) }, ...noPods },
      undefined,
    ],
    [
      'the same in the server’s words',
      three(),
      evict,
      { around: { quotas: known([full]) }, ...says(quotaRefusal) },
      undefined,
    ],
    ['a quota that is over', three(), evict, { around: { quotas: known([over]) }, ...noPods }, 'quota-exceeded'],
    [
      'a quota that the server alone knows of',
      three(),
      evict,
      { around: { quotas: unknown('forbidden') }, ...says(quotaRefusal) },
      'quota-exceeded',
    ],
    [
      'a full quota, and a new pod comes first',
      tight(three()),
      restart,
      { around: { quotas: known([full]) }, ...noPods },
      'quota-exceeded',
    ],
    [
      'a full quota, and nothing new is needed to go back',
      rollout(crashing),
      rollback,
      { around: { quotas: known([full]) }, ...noPods },
      undefined,
    ],
    [
      'a full quota for one more',
      three(),
      scale(4),
      { around: { quotas: known([full]) }, ...noPods },
      'quota-exceeded',
    ],
    ['a full quota for one less', three(), scale(2), { around: { quotas: known([full]) }, ...noPods }, undefined],
    ['Pod Security', { ...three(), namespace: restricted }, evict, noPods, 'pod-security'],
    [
      'Pod Security in the server’s words',
      three(),
      evict,
      says('pods "x" is forbidden: violates PodSecurity "restricted:latest": x'),
      'pod-security',
    ],
    [
      'a dead webhook in the server’s words',
      three(),
      evict,
      says('Internal error occurred: failed calling webhook "a": x', 'unavailable'),
      'webhook-down',
    ],
    ['an image that cannot be had', three(), restart, { around: { pods: known([waiting]) } }, 'image-unavailable'],
    [
      'no node',
      three(),
      evict,
      { around: { nodes: known([node('n', { isCordoned: true })]) } },
      'unschedulable-constraints',
    ],
    ['a disruption budget at zero', { ...three(), budgets: [budget(0)] }, evict, {}, 'pdb-exhausted'],
    ['a disruption budget with one', { ...three(), budgets: [budget(1)] }, evict, {}, undefined],
    [
      'a budget at zero for a pod that is not ready',
      { ...settled([crashing, {}, {}]), budgets: [budget(0)] },
      evict,
      {},
      undefined,
    ],
    ['two budgets', { ...three(), budgets: [budget(3), budget(3, 'all')] }, evict, {}, 'pdb-several'],
    ['a budget at zero, and a rollout by surge', { ...tight(three()), budgets: [budget(0)] }, restart, {}, undefined],
    [
      'a budget at zero, and a rollout that takes one first',
      {
        ...three(),
        target: deployment(v1, { spec: { strategy: { rollingUpdate: { maxUnavailable: 1 } } } }),
        budgets: [budget(0)],
      },
      restart,
      {},
      'pdb-exhausted',
    ],
    ['an autoscaler and replicas', { ...three(), autoscalers: [autoscaler] }, scale(4), {}, 'autoscaler-owned'],
    ['an autoscaler and a limit', { ...three(), autoscalers: [autoscaler] }, raise, {}, undefined],
    ['Argo CD', { ...three(), target: argo }, raise, {}, 'owned-elsewhere'],
    [
      'an autoscaler of KEDA',
      { ...three(), autoscalers: [ofKeda] },
      [['set-autoscaler-maximum@1', { autoscaler: 'web', uid: 'uid-hpa', maxReplicas: 6 }]],
      {},
      'owned-elsewhere',
    ],
    ['a right that is missing', three(), raise, { isAllowed: ({ verb }) => verb !== 'patch' }, 'permission-missing'],
    [
      'a dependency that is down',
      {
        ...three(),
        target: deployment(templateWith({}, { env: [{ name: 'DB', value: 'http://db' }] })),
        services: [service('db')],
        endpointSlices: [endpoints('db', 0)],
      },
      restart,
      {},
      'dependency-down',
    ],
    [
      'the nodes unread, and a ready pod goes',
      three(),
      evict,
      { around: { nodes: unknown('forbidden') } },
      'return-unknown',
    ],
    [
      'the nodes unread, and no ready pod goes',
      settled([crashing, {}, {}]),
      evict,
      { around: { nodes: unknown('forbidden') } },
      undefined,
    ],
    [
      'the quota unread, and a new pod comes first',
      tight(three()),
      raise,
      { around: { quotas: unknown('forbidden') }, ...noPods },
      undefined,
    ],
  ]
  for (const [given, world, steps, options, expected] of rows)
    it(`${given}: ${expected ?? 'not refused'}`, async () => {
      const { refusal, checks } = await evaluated(world, steps, options)
      assert.equal(refusal?.code, expected, JSON.stringify(found(checks)))
    })

  it('asks everything once, in one order, and says all', async () => {
    const { checks } = await evaluated(three(), evict)
    assert.deepEqual(
      checks.map(({ name }) => name),
      CHECKS,
    )
    assert.ok(checks.every(({ say }) => say.length > 0))
  })

  it('asks nothing that looks like a write where nothing may be done, and still tells what is configured', async () => {
    const server = () => assert.fail('asked')
    const isAllowed = () => assert.fail('asked')
    const { checks, refusal } = await evaluated(three(), evict, {
      mayAsk: false,
      server,
      isAllowed,
      around: { quotas: known([over]) },
    })
    assert.equal(refusal?.code, 'quota-exceeded')
    assert.deepEqual(
      found(checks).filter((each) => !each.startsWith('image')),
      ['permission unknown', 'quota refused quota-exceeded', 'dry-run unknown'],
    )
  })

  it('asks about the rights of another account where the executor has its own', async () => {
    const asked: (string | undefined)[] = []
    const executorAccount = 'system:serviceaccount:kubewise:executor'
    const isAllowed: EvaluationOptions['isAllowed'] = ({ verb, user }) => {
      if (verb !== 'create') asked.push(user)
      return true
    }
    await evaluated(three(), raise, { executorAccount, isAllowed })
    assert.deepEqual(asked, [executorAccount, executorAccount])
  })

  it('makes the pod as its controller would, with its volumes and without its name', async () => {
    const set = statefulSet(v1, { spec: { volumeClaimTemplates: [{ metadata: { name: 'data' } }] } as object })
    const pods = [0, 1, 2].map((each) => pod(set, 'h1', { name: `web-${each}` }))
    const made: unknown[] = []
    const server = (verb: string, object: unknown) => void (verb === 'create' && made.push(object))
    await evaluated({ target: set, pods }, evict, { server })
    assert.deepEqual(made, [
      {
        metadata: { namespace: 'shop', generateName: 'web-', labels: { app: 'web' } },
        spec: { ...v1.spec, volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data-web-0' } }] },
      },
    ])
  })

  it('has less confidence for each question that stays open', () => {
    const check = (name: string, verdict: PlanCheck['verdict']): PlanCheck => ({ name, verdict, say: 'x' })
    const share = (...checks: PlanCheck[]) => preflightShare(checks)
    assert.deepEqual(
      [
        share(check('quota', 'passed')),
        share(check('dry-run', 'unknown')),
        share(check('dry-run', 'unknown'), check('image', 'unknown')),
        share(check('policy', 'refused')),
        share(check('quota', 'refused')),
      ],
      [1, 0.5, 0.45, 1, 0],
    )
  })

  it('does not count the pods of a release that goes against the one that it goes back to', async () => {
    const target = deployment(v1)
    const set = replicaSet(target, 1, v1, { wanted: 3 })
    const missing = { ...rollout(crashing), pods: rollout(crashing).pods?.slice(1) ?? [], children: [set] }
    const { checks } = await evaluated(rollout(crashing), rollback, { around: { nodes: known([]) } })
    assert.equal(checks.find(({ name }) => name === 'scheduling')?.say, 'No new pod is needed.')
    const short = await evaluated({ ...rollout(crashing), pods: missing.pods }, rollback, {
      around: { nodes: known([]) },
    })
    assert.equal(short.refusal?.code, 'unschedulable-constraints')
  })
})
