import assert from 'node:assert/strict'
import { approvalOf, context, HOUR, MINUTE, NOW, object, plan, record, SECOND, step } from '../context.fixture.ts'
import {
  allRefusals,
  firstRefusal,
  known,
  unknown,
  type Guard,
  type GuardContext,
  type TargetObject,
} from '../guard.ts'
import { DEFAULT_LIMITS } from '../limits.ts'
import { GUARDS, isPassing } from './index.ts'

type Row = [given: string, world: Partial<GuardContext>, code: string | undefined]

const DOWN = unknown('the record does not answer')
const live = (overrides: Partial<TargetObject>) => ({ object: known(object(overrides)) })
const others = (count: number, namespace: string) =>
  known(
    Array.from({ length: count }, (_, i) => ({
      plan: `other-${i}`,
      namespace,
      targetKey: `prod/${namespace}/Deployment/d${i}`,
    })),
  )
const fresh = (overrides: object) => ({
  freshness: known({
    writtenMs: NOW,
    clockSkewMs: known(0),
    metrics: [],
    watches: [{ resource: 'pods', confirmedMs: NOW }],
    ...overrides,
  }),
})
const cpu = (lastSampleMs: number | undefined) => ({
  ...fresh({ metrics: [{ name: 'cpu', lastSampleMs, intervalMs: 15 * SECOND }] }),
  plan: plan({ evidence: 'metric', metrics: ['cpu'] }),
})
const channel = (name: string, state: GuardContext['kill'][number]['state']) => ({
  kill: [...context().kill.slice(1), { channel: name, state }],
})
const risky = plan({ risk: 'high' })
const asked = plan({ mode: 'approve' })

const needing = (needs: Record<string, string[]>) =>
  Object.entries(needs).map(([id, others]) => step({ id, needs: others }))

const TABLE: Readonly<Record<string, Row[]>> = {
  'step-order': [
    ['steps that need earlier ones', { plan: plan({ steps: needing({ a: [], b: ['a'], c: ['a', 'b'] }) }) }, undefined],
    ['one that needs a later one', { plan: plan({ steps: needing({ a: ['b'], b: [] }) }) }, undefined],
    ['one that needs a stranger', { plan: plan({ steps: needing({ a: ['z'] }) }) }, 'needs-unknown'],
    ['one that needs itself', { plan: plan({ steps: needing({ a: ['a'] }) }) }, 'needs-cycle'],
    ['a circle of three', { plan: plan({ steps: needing({ a: ['c'], b: ['a'], c: ['b'] }) }) }, 'needs-cycle'],
    [
      'the id that the ledger gives its fallback',
      { plan: plan({ steps: [step({ id: 'fallback-a' })], fallback: [step({ id: 'a' })] }) },
      'step-id-taken',
    ],
    ['one id twice', { plan: plan({ steps: [step(), step()] }) }, 'step-id-twice'],
    ['a fallback that needs a step', { plan: plan({ fallback: needing({ b: ['rollback'] }) }) }, 'needs-unknown'],
  ],
  integrity: [
    ['the plan as it was made', {}, undefined],
    ['another hash', { plan: plan({ hash: 'other' }) }, 'plan-altered'],
    [
      'a step changed after the hash',
      { plan: { ...plan(), steps: [step({ with: { toRevision: 1 } })] } },
      'plan-altered',
    ],
    ['only what the store adds changed', { plan: { ...plan(), version: 7 } }, undefined],
  ],
  action: [
    ['in the catalogue', {}, undefined],
    ['a version that is gone', { plan: plan({ steps: [step({ action: 'rollback@9' })] }) }, 'action-unknown'],
    ['a name that every object has', { plan: plan({ steps: [step({ action: 'constructor' })] }) }, 'action-unknown'],
    ['an unknown fallback', { plan: plan({ fallback: [step({ action: 'pray@1' })] }) }, 'action-unknown'],
    ['parameters out of bounds', { plan: plan({ steps: [step({ with: { toRevision: 0 } })] }) }, 'parameters-invalid'],
    ['the original’s name', { plan: plan({ steps: [step({ action: 'rollback_deployment' })] }) }, undefined],
    [
      'a kind it is not for',
      {
        plan: plan({ steps: [step({ object: { cluster: 'prod', kind: 'CronJob', namespace: 'shop', name: 'web' } })] }),
      },
      'action-unfit',
    ],
    [
      'only tells, on any kind',
      {
        plan: plan({
          steps: [
            step({
              action: 'escalate@1',
              with: {},
              object: { cluster: 'prod', kind: 'CronJob', namespace: 'shop', name: 'web' },
            }),
          ],
        }),
      },
      undefined,
    ],
  ],
  expiry: [
    ['a second before', { plan: plan({ notAfterMs: NOW + SECOND }) }, undefined],
    ['at the moment', { plan: plan({ notAfterMs: NOW }) }, 'plan-expired'],
  ],
  'protected-namespace': [
    ['another namespace', {}, undefined],
    ['the target lies in one', { protectedNamespaces: known(['shop']) }, 'protected-namespace'],
    [
      'a step reaches into one',
      {
        plan: plan({
          steps: [step({ object: { cluster: 'prod', kind: 'Pod', namespace: 'kube-system', name: 'dns' } })],
        }),
      },
      'protected-namespace',
    ],
    [
      'a fallback reaches into one',
      {
        plan: plan({
          fallback: [step({ object: { cluster: 'prod', kind: 'Pod', namespace: 'kube-system', name: 'dns' } })],
        }),
      },
      'protected-namespace',
    ],
    [
      'a cluster-wide object',
      { plan: plan({ target: { cluster: 'prod', kind: 'Node', namespace: '', name: 'n1', uid: 'n' } }) },
      'protected-namespace',
    ],
    ['unreadable', { protectedNamespaces: DOWN }, 'protected-unknown'],
  ],
  mode: [
    ['auto, an annotation asks for observe', live({ wishes: { mode: 'observe', mistakes: [] } }), 'mode-observe'],
    [
      'observe, an annotation asks for auto',
      { mode: known('observe'), ...live({ wishes: { mode: 'auto', mistakes: [] } }) },
      'mode-observe',
    ],
    ['auto', {}, undefined],
    ['approve is another guard’s question', { mode: known('approve') }, undefined],
    ['observe', { mode: known('observe') }, 'mode-observe'],
    ['observe when the plan was made', { plan: plan({ mode: 'observe' }) }, 'mode-observe'],
    ['unreadable', { mode: DOWN }, 'mode-unknown'],
  ],
  'target-exists': [
    ['is there', {}, undefined],
    ['gone', { object: known(undefined) }, 'target-gone'],
    ['another object under its name', live({ uid: 'other' }), 'target-replaced'],
    [
      'the plan names no uid',
      { plan: plan({ target: { cluster: 'prod', kind: 'Deployment', namespace: 'shop', name: 'web' } }) },
      'target-replaced',
    ],
    ['being deleted', live({ isDeleting: true }), 'target-deleting'],
    [
      'a step on one of its pods',
      {
        plan: plan({
          steps: [
            step({
              action: 'evict-pod@1',
              object: { cluster: 'prod', kind: 'Pod', namespace: 'shop', name: 'web-1' },
              with: { pod: 'web-1', uid: 'u' },
            }),
          ],
        }),
      },
      undefined,
    ],
    [
      'an eviction of another pod than it says',
      {
        plan: plan({
          steps: [
            step({
              action: 'evict-pod@1',
              object: { cluster: 'prod', kind: 'Pod', namespace: 'shop', name: 'web-1' },
              with: { pod: 'db-1', uid: 'u' },
            }),
          ],
        }),
      },
      'foreign-object',
    ],
    [
      'a step on a neighbour',
      {
        plan: plan({
          steps: [step({ object: { cluster: 'prod', kind: 'Deployment', namespace: 'shop', name: 'db' } })],
        }),
      },
      'foreign-object',
    ],
    [
      'a step on a pod of another namespace',
      { plan: plan({ steps: [step({ object: { cluster: 'prod', kind: 'Pod', namespace: 'bank', name: 'web-1' } })] }) },
      'foreign-object',
    ],
    ['unreadable', { object: DOWN }, 'target-unknown'],
  ],
  scope: [
    ['opted in', {}, undefined],
    ['did not opt in', live({ isManaged: false }), 'not-managed'],
    ['unreadable', { object: DOWN }, 'target-unknown'],
  ],
  incident: [
    ['open, this plan is its last', {}, undefined],
    ['over', { incident: known({ isOpen: false }) }, 'incident-resolved'],
    ['decided anew', { incident: known({ isOpen: true, newestPlan: 'plan-2' }) }, 'plan-superseded'],
    ['not recorded', { incident: known(undefined) }, 'incident-unknown'],
    ['unreadable', { incident: DOWN }, 'incident-unknown'],
  ],
  ownership: [
    ['nobody else', {}, undefined],
    ['Argo CD', live({ ownedBy: 'Argo CD' }), 'owned-elsewhere'],
  ],
  paused: [
    ['rolls', {}, undefined],
    ['paused', live({ isPaused: true }), 'target-paused'],
    [
      'paused, and to be resumed',
      { ...live({ isPaused: true }), plan: plan({ steps: [step({ action: 'resume-rollout@1' })] }) },
      undefined,
    ],
    [
      'paused, and to be restarted once resumed',
      {
        ...live({ isPaused: true }),
        plan: plan({ steps: [step({ action: 'resume-rollout@1' }), step({ action: 'restart@1' })] }),
      },
      'target-paused',
    ],
  ],
  autoscaler: [
    ['none', { plan: plan({ steps: [step({ action: 'scale@1' })] }) }, undefined],
    [
      'one, and the plan scales',
      { ...live({ hasAutoscaler: true }), plan: plan({ steps: [step({ action: 'scale@1' })] }) },
      'autoscaler-owned',
    ],
    [
      'one, and the plan scales by the original’s word',
      { ...live({ hasAutoscaler: true }), plan: plan({ steps: [step({ action: 'scale_deployment' })] }) },
      'autoscaler-owned',
    ],
    ['one, and the plan rolls back', live({ hasAutoscaler: true }), undefined],
  ],
  'bare-pod': [
    ['has a controller', {}, undefined],
    ['has none', live({ isBarePod: true }), 'bare-pod'],
  ],
  attempts: [
    ['two so far', { attempts: known(2) }, undefined],
    ['three so far', { attempts: known(3) }, 'attempts-exhausted'],
    ['no number', { attempts: known(Number.NaN) }, 'attempts-exhausted'],
    ['unreadable', { attempts: DOWN }, 'attempts-unknown'],
  ],
  'kill-switch': [
    ['absent everywhere', {}, undefined],
    ['set in the bus', channel('bus', known('maintenance')), 'kill-switch'],
    ['set without a reason', channel('file', known('')), 'kill-switch'],
    ['unreadable', channel('record', DOWN), 'kill-switch-unreadable'],
    ['a channel was not read', { kill: context().kill.slice(1) }, 'kill-switch-unreadable'],
    [
      'one channel read thrice',
      { kill: context().kill.map((one) => ({ ...one, channel: 'bus' })) },
      'kill-switch-unreadable',
    ],
    ['no channel is read while planning', { at: 'planning', kill: [] }, undefined],
  ],
  'one-at-a-time': [
    ['nobody', {}, undefined],
    [
      'our own lock',
      { target: known(record({ lock: { plan: 'plan-1', holder: 'me', untilMs: NOW + MINUTE } })) },
      undefined,
    ],
    [
      'another plan holds the lock',
      { target: known(record({ lock: { plan: 'plan-0', holder: 'me', untilMs: NOW + MINUTE } })) },
      'target-busy',
    ],
    [
      'another plan’s lock has run out',
      { target: known(record({ lock: { plan: 'plan-0', holder: 'me', untilMs: NOW } })) },
      undefined,
    ],
    [
      'another plan is under way on it',
      { running: known([{ plan: 'plan-0', namespace: 'shop', targetKey: 'prod/shop/Deployment/web' }]) },
      'target-busy',
    ],
    ['unreadable lock', { target: DOWN }, 'record-unknown'],
    ['unreadable list', { running: DOWN }, 'running-unknown'],
  ],
  cooldown: [
    ['never remediated', {}, undefined],
    ['rests five minutes', { target: known(record({ coolingUntilMs: NOW + 5 * MINUTE })) }, 'cooldown'],
    ['rest just over', { target: known(record({ coolingUntilMs: NOW })) }, undefined],
    [
      'rests, but this is the same incident',
      { target: known(record({ coolingUntilMs: NOW + MINUTE, originalsOf: 'incident-1' })) },
      undefined,
    ],
    [
      'rests after another incident',
      { target: known(record({ coolingUntilMs: NOW + MINUTE, originalsOf: 'incident-0' })) },
      'cooldown',
    ],
    [
      'clock set back an hour',
      { target: known(record({ lastActedMs: NOW + HOUR, coolingUntilMs: NOW + HOUR + 5 * MINUTE })) },
      'cooldown',
    ],
    ['unreadable', { target: DOWN }, 'record-unknown'],
  ],
  'parallel-budget': [
    ['four in the cluster', { running: others(4, 'bank') }, undefined],
    ['five in the cluster', { running: others(5, 'bank') }, 'budget-parallel'],
    ['two in the namespace', { running: others(2, 'shop') }, undefined],
    ['three in the namespace', { running: others(3, 'shop') }, 'budget-parallel-namespace'],
    ['a budget of nothing', { limits: { ...DEFAULT_LIMITS, maxParallel: 0 } }, 'budget-parallel'],
    [
      'a budget that is no number',
      { limits: { ...DEFAULT_LIMITS, maxParallelPerNamespace: Number.NaN } },
      'budget-parallel-namespace',
    ],
    ['unreadable', { running: DOWN }, 'running-unknown'],
  ],
  'hourly-budget': [
    ['59 in the cluster', { acted: known({ inCluster: 59, inNamespace: 0 }) }, undefined],
    ['60 in the cluster', { acted: known({ inCluster: 60, inNamespace: 0 }) }, 'budget-hour'],
    [
      '59 and two steps',
      { acted: known({ inCluster: 59, inNamespace: 0 }), plan: plan({ steps: [step(), step({ id: 'b' })] }) },
      'budget-hour',
    ],
    [
      '59 and a step that only tells',
      {
        acted: known({ inCluster: 59, inNamespace: 0 }),
        plan: plan({ steps: [step(), step({ id: 'b', action: 'escalate@1' })] }),
      },
      undefined,
    ],
    ['20 in the namespace', { acted: known({ inCluster: 20, inNamespace: 20 }) }, 'budget-hour-namespace'],
    ['no number', { acted: known({ inCluster: Number.NaN, inNamespace: 0 }) }, 'budget-hour'],
    ['unreadable', { acted: DOWN }, 'acted-unknown'],
  ],
  'ready-share': [
    ['nothing is taken', live({ ready: 1 }), undefined],
    ['one of two', live({ ready: 2, readyPodsTaken: 1 }), undefined],
    ['two of four', live({ ready: 4, readyPodsTaken: 2 }), 'ready-share'],
    ['two of eight', live({ ready: 8, readyPodsTaken: 2 }), undefined],
    ['two of seven: rounded down', live({ ready: 7, readyPodsTaken: 2 }), 'ready-share'],
    ['the only one is a question of approval', live({ ready: 1, readyPodsTaken: 1 }), undefined],
    [
      'a share of nothing',
      { ...live({ ready: 8, readyPodsTaken: 1 }), limits: { ...DEFAULT_LIMITS, readyShare: 0 } },
      'ready-share',
    ],
    ['no number', live({ ready: 8, readyPodsTaken: Number.NaN }), 'ready-share'],
  ],
  'disruption-budget': [
    ['no budget', live({ readyPodsTaken: 1 }), undefined],
    ['one may go', live({ readyPodsTaken: 1, budgets: [{ name: 'web', disruptionsAllowed: 1 }] }), undefined],
    [
      'the least of two holds',
      live({
        readyPodsTaken: 1,
        budgets: [
          { name: 'web', disruptionsAllowed: 3 },
          { name: 'all', disruptionsAllowed: 0 },
        ],
      }),
      'pdb-exhausted',
    ],
    [
      'only pods that are not ready go',
      live({ readyPodsTaken: 0, budgets: [{ name: 'web', disruptionsAllowed: 0 }] }),
      undefined,
    ],
  ],
  storm: [
    ['six of sixty ill', { storm: known({ targets: 60, illTargets: 6, nodes: 5, illNodes: 0 }) }, undefined],
    [
      'five of six ill: a small cluster is no storm',
      { storm: known({ targets: 6, illTargets: 5, nodes: 5, illNodes: 0 }) },
      undefined,
    ],
    ['six of ten ill', { storm: known({ targets: 10, illTargets: 6, nodes: 5, illNodes: 0 }) }, 'storm'],
    ['one of three nodes', { storm: known({ targets: 10, illTargets: 0, nodes: 3, illNodes: 1 }) }, undefined],
    ['two of three nodes', { storm: known({ targets: 10, illTargets: 0, nodes: 3, illNodes: 2 }) }, 'storm'],
    [
      'over since four minutes',
      { storm: known({ targets: 10, illTargets: 0, nodes: 3, illNodes: 0, lastStormMs: NOW - 4 * MINUTE }) },
      'storm',
    ],
    [
      'over since five minutes',
      { storm: known({ targets: 10, illTargets: 0, nodes: 3, illNodes: 0, lastStormMs: NOW - 5 * MINUTE }) },
      undefined,
    ],
    ['unreadable', { storm: DOWN }, 'storm-unknown'],
  ],
  window: [
    ['none is on', { windows: known([]) }, undefined],
    ['one freezes', { windows: known(['release night']) }, 'window'],
    ['unreadable', { windows: DOWN }, 'window-unknown'],
    ['an annotation silences', live({ wishes: { silencedUntilMs: NOW + MINUTE, mistakes: [] } }), 'silenced'],
    ['the annotation has ended', live({ wishes: { silencedUntilMs: NOW, mistakes: [] } }), undefined],
  ],
  freshness: [
    [
      'a watch confirmed 89 s ago',
      fresh({ watches: [{ resource: 'pods', confirmedMs: NOW - 89 * SECOND }] }),
      undefined,
    ],
    [
      'a watch confirmed 90 s ago',
      fresh({ watches: [{ resource: 'pods', confirmedMs: NOW - 90 * SECOND }] }),
      'watch-stale',
    ],
    ['a watch never confirmed', fresh({ watches: [{ resource: 'pods', confirmedMs: undefined }] }), 'watch-stale'],
    [
      'a watch confirmed in the future',
      fresh({ watches: [{ resource: 'pods', confirmedMs: NOW + MINUTE }] }),
      'watch-stale',
    ],
    ['no watch at all', fresh({ watches: [] }), 'watch-stale'],
    ['a sample within three intervals', cpu(NOW - 44 * SECOND), undefined],
    ['a sample of three intervals ago', cpu(NOW - 45 * SECOND), 'metrics-stale'],
    ['no sample ever', cpu(undefined), 'metrics-stale'],
    ['born of metrics, which is not known', { ...fresh({}), plan: plan({ evidence: 'metric' }) }, 'metrics-stale'],
    ['clock 5 s off', fresh({ clockSkewMs: known(-5 * SECOND) }), undefined],
    ['clock 6 s off', fresh({ clockSkewMs: known(-6 * SECOND) }), 'clock-skew'],
    ['clock never compared', fresh({ clockSkewMs: unknown('no answer yet') }), 'clock-skew'],
    ['unreadable', { freshness: DOWN }, 'freshness-unknown'],
  ],
  approval: [
    ['auto, medium risk', {}, undefined],
    ['auto, high risk', { plan: risky }, 'approval-missing'],
    [
      'auto, but an annotation asks to be asked',
      live({ wishes: { mode: 'approve', mistakes: [] } }),
      'approval-missing',
    ],
    ['auto, high risk, approved', { plan: risky, approval: known(approvalOf(risky)) }, undefined],
    ['auto, but the plan was made in approve', { plan: asked }, 'approval-missing'],
    ['approve, approved', { plan: asked, mode: known('approve'), approval: known(approvalOf(asked)) }, undefined],
    ['approve', { mode: known('approve') }, 'approval-missing'],
    [
      'approved, but for another hash',
      { plan: asked, approval: known(approvalOf(asked, { planHash: 'other' })) },
      'approval-mismatch',
    ],
    [
      'approved, but it ran out',
      { plan: asked, approval: known(approvalOf(asked, { expiresMs: NOW })) },
      'approval-expired',
    ],
    ['approved by who asked', { plan: asked, requester: 'ada', approval: known(approvalOf(asked)) }, 'approval-self'],
    [
      'rejected, although auto would do',
      { approval: known(approvalOf(plan(), { verdict: 'rejected' })) },
      'approval-rejected',
    ],
    ['auto, the only ready pod', live({ ready: 1, readyPodsTaken: 1 }), 'approval-missing'],
    [
      'auto, the only ready pod, approved',
      { ...live({ ready: 1, readyPodsTaken: 1 }), approval: known(approvalOf(plan())) },
      undefined,
    ],
    ['lower risk asked for', { limits: { ...DEFAULT_LIMITS, autoRisk: 'low' } }, 'approval-missing'],
    ['nobody is asked while planning', { at: 'planning', plan: asked }, undefined],
    ['unreadable', { approval: DOWN }, 'approval-unknown'],
  ],
}

for (const [name, guard] of Object.entries<Guard>(GUARDS))
  describe(`guard ${name}`, () => {
    for (const [given, world, code] of TABLE[name] ?? [])
      it(`${given} → ${code ?? 'passes'}`, () => assert.equal(guard(context(world))?.code, code))
  })

describe('the guards together', () => {
  it('let a plan pass that nothing stands against', () => assert.deepEqual(allRefusals(GUARDS, context()), []))

  it('have a table each', () => assert.deepEqual(Object.keys(TABLE).toSorted(), Object.keys(GUARDS).toSorted()))

  it('say every refusal in one sentence', () => {
    for (const [name, guard] of Object.entries<Guard>(GUARDS))
      for (const [given, world, code] of (TABLE[name] ?? []).filter(([, , code]) => code !== undefined)) {
        const say = guard(context(world))?.say ?? ''
        assert.match(say, /^[A-Za-z0-9].{10,}$/s, `${name}, ${given}: ${code}`)
        assert.doesNotMatch(say, /undefined|\[object/, `${name}, ${given}`)
      }
  })

  it('refuse when one of them fails', () => {
    const failing = () => {
      throw new Error('a bug')
    }
    assert.equal(firstRefusal({ failing }, context())?.code, 'guard-failed')
  })

  it('end a plan for what waiting cannot change', () => {
    assert.equal(isPassing('not-managed'), false)
    assert.equal(isPassing('mode-observe'), false)
    assert.equal(isPassing('cooldown'), true)
    assert.equal(isPassing('approval-missing'), true)
  })
})
