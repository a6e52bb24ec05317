import assert from 'node:assert/strict'
import { PLAIN_POD, QUIET, type Facts, type PodFacts, type Target } from '@kubewise/contracts'
import { DEFAULT_LIMITS } from '@kubewise/policy'
import { factsOf } from '../context/facts.ts'
import { contextOf, WEB } from '../fixture/context.ts'
import { NOW } from '../fixture/objects.ts'
import type { Behind } from './behind.ts'
import { correlate, type Other } from './correlate.ts'
import { suspectsOf, type Suspect } from './suspects.ts'

const SECOND = 1000
const DB: Target = { ...WEB, name: 'db', uid: 'uid-db' }
const BEHIND: Behind = new Map([['shop/db', [DB]]])
const empty = factsOf(contextOf({ target: undefined }), DEFAULT_LIMITS)

const pod = (rest: Partial<PodFacts> = {}): PodFacts => ({
  ...PLAIN_POD,
  name: 'web-1',
  uid: 'u1',
  node: 'n1',
  phase: 'Running',
  revision: 'h1',
  ready: false,
  terminating: false,
  bare: false,
  ageSeconds: 600,
  waiting: 'CrashLoopBackOff',
  restarts: 3,
  exitReason: 'Error',
  exitCode: 1,
  secondsSinceExit: 5,
  oomKilled: false,
  cannotRun: true,
  ...rest,
})
const node = (name: string, rest: Partial<Facts['node']> = {}): Facts['node'] => ({ ...QUIET.node, name, ...rest })
const change = (rest: Partial<Facts['changes'][number]> = {}): Facts['changes'][number] => ({
  kind: 'ConfigMap',
  namespace: 'shop',
  name: 'settings',
  what: 'data',
  by: 'kubectl',
  ageSeconds: 60,
  leadSeconds: 20,
  onTarget: false,
  ...rest,
})
const down = [{ namespace: 'shop', name: 'db', available: false }]

const facts = (rest: Partial<Facts>): Facts => ({ ...empty, pods: [pod()], ...rest })
const suspects = (rest: Partial<Facts>, behind: Behind = BEHIND, target = WEB) =>
  suspectsOf({
    incident: { target },
    facts: facts({ target: { ...empty.target, kind: target.kind, namespace: 'shop' }, ...rest }),
    behind,
  })
const titles = (found: readonly Suspect[]) =>
  found.map(({ root, relation, needs }) => `${relation} ${root.kind}/${root.name} ${needs}`)

describe('who is suspected', () => {
  const creation = { ...QUIET.creation, refused: true }
  const image = { ...QUIET.image, failing: true, registry: 'ghcr.io' }
  const cases: [string, Partial<Facts>, string[]][] = [
    ['nobody, where nothing speaks for another', {}, []],
    ['what is behind a Service that is down', { dependencies: down }, ['dependency Deployment/db state']],
    ['nobody, when the Service answers', { dependencies: [{ ...down[0]!, available: true }] }, []],
    ['nobody, of what was killed for memory', { dependencies: down, pods: [pod({ oomKilled: true })] }, []],
    ['nobody, of a missing image', { dependencies: down, pods: [pod({ waiting: 'ImagePullBackOff' })] }, []],
    ['nobody, when the target is ready', { dependencies: down, pods: [pod({ ready: true, cannotRun: false })] }, []],
    [
      'the Service that nothing is behind',
      { dependencies: [{ ...down[0]!, name: 'mail' }] },
      ['dependency Service/mail state'],
    ],
    [
      'the lost node of all ill pods',
      { nodes: [node('n1', { ready: 'Unknown' }), node('n2')] },
      ['node Node/n1 state'],
    ],
    [
      'no node, when a pod on another is ill too',
      { nodes: [node('n1', { ready: 'Unknown' }), node('n2')], pods: [pod(), pod({ name: 'web-2', node: 'n2' })] },
      [],
    ],
    ['no node for a pressure that evicted nothing', { nodes: [node('n1', { pressures: ['MemoryPressure'] })] }, []],
    [
      'the node that evicts',
      { nodes: [node('n1', { pressures: ['MemoryPressure'] })], pods: [pod({ phase: 'Failed', reason: 'Evicted' })] },
      ['node Node/n1 state'],
    ],
    [
      'no node whose pressure is the target’s own doing',
      {
        nodes: [node('n1', { pressures: ['MemoryPressure'] })],
        pods: [pod({ phase: 'Failed' })],
        culprit: { exists: true, namespace: 'shop', pod: 'web-1', uid: 'u1', resource: 'memory' },
      },
      [],
    ],
    [
      'the registry that others miss too',
      { image: { ...image, problem: 'unreachable', otherTargets: 2 } },
      ['registry Registry/ghcr.io state'],
    ],
    [
      'no registry where one release alone names a host that nobody answers at',
      { image: { ...image, problem: 'unreachable', introducedByRollout: true } },
      [],
    ],
    ['no registry for an image that is not there', { image: { ...image, problem: 'not-found', otherTargets: 2 } }, []],
    [
      'the quota, where others do as well',
      { creation: { ...creation, reason: 'quota', by: 'compute' } },
      ['quota ResourceQuota/compute shared'],
    ],
    [
      'the webhook, where others do as well',
      { creation: { ...creation, reason: 'webhook', by: 'guard' } },
      ['admission Webhook/guard shared'],
    ],
    [
      'a volume that has an incident',
      { volumes: [{ ...QUIET.volume, name: 'data', multiAttach: true }] },
      ['volume PersistentVolumeClaim/data incident'],
    ],
    ['what was changed just before', { changes: [change()] }, ['change ConfigMap/settings shared']],
    ['not what was changed after', { changes: [change({ leadSeconds: -5 })] }, []],
    ['not what was changed long before', { changes: [change({ leadSeconds: 4000 })] }, []],
    ['not a Service that is new', { changes: [change({ kind: 'Service', name: 'db', what: 'created' })] }, []],
    [
      'nothing beside where its own template changed just before too',
      { changes: [change(), change({ kind: 'Deployment', name: 'web', what: 'spec.template', onTarget: true })] },
      [],
    ],
    ['not the target’s own rollout', { changes: [change({ kind: 'Deployment', name: 'web', onTarget: true })] }, []],
  ]
  for (const [who, rest, expected] of cases) it(`is ${who}`, () => assert.deepEqual(titles(suspects(rest)), expected))

  it('is told with the change just before on the suspect', () => {
    const rollout = change({ kind: 'Deployment', name: 'db', what: 'spec.template', leadSeconds: 30 })
    const [found] = suspects({ dependencies: down, changes: [rollout] })
    assert.match(found!.say, /no ready endpoint\. Deployment db was changed \(spec\.template\) 30 s before\./)
  })

  it('is nobody for a node', () =>
    assert.deepEqual(suspects({ changes: [change()] }, BEHIND, { ...WEB, kind: 'Node', namespace: '' }), []))
})

describe('the cause of an incident', () => {
  const incident = { _id: 'i-web', target: WEB, openedMs: NOW }
  const onDb: Suspect = { root: DB, relation: 'dependency', say: 'It needs db.', needs: 'state' }
  const onConfig: Suspect = {
    root: { ...WEB, kind: 'ConfigMap', name: 'settings' },
    relation: 'change',
    say: 's',
    needs: 'shared',
  }
  const onDns: Suspect = {
    root: { ...WEB, namespace: 'kube-system', name: 'coredns' },
    relation: 'network',
    say: 's',
    needs: 'incident',
  }
  const other = (target: Target, leadSeconds = 10, suspected: Suspect[] = []): Other => ({
    incident: { _id: `i-${target.name}`, target, openedMs: NOW - leadSeconds * SECOND },
    suspects: suspected,
  })
  const on = (target: Target): Suspect => ({ ...onDb, root: target })
  const API = { ...WEB, name: 'api' }
  const root = (own: Suspect[], others: Other[]) => correlate({ incident, suspects: own, others })?.root.name

  const cases: [string, Suspect[], Other[], string | undefined][] = [
    ['is none without a suspect', [], [other(DB)], undefined],
    ['is what the cluster’s state says, also before that has an incident', [onDb], [], 'db'],
    ['began before it', [onDb], [other(DB)], 'db'],
    ['may be found a little later', [onDb], [other(DB, -60)], 'db'],
    ['did not begin long after it', [onDb], [other(DB, -600)], undefined],
    ['is no change that nobody else suspects', [onConfig], [other(API)], undefined],
    ['is a change that another suspects too', [onConfig], [other(API, 10, [onConfig])], 'settings'],
    ['has an incident, where that is what it takes', [onDns], [], undefined],
    ['that has one', [onDns], [other(onDns.root)], 'coredns'],
    ['is the likelier of two', [onDb, onConfig], [other(API, 10, [onConfig])], 'db'],
    ['is the next, where the likeliest is none', [onDns, onDb], [], 'db'],
    ['hangs on it and began first', [onDb], [other(DB, 10, [on(WEB)])], 'db'],
    ['hangs on it and began later', [onDb], [other(DB, -10, [on(WEB)])], undefined],
    ['hangs on it, at the same time: the first by name', [onDb], [other(DB, 0, [on(WEB)])], 'db'],
    ['hangs on it by a third', [onDb], [other(DB, -10, [on(API)]), other(API, -20, [on(WEB)])], undefined],
    ['hangs on others in a circle', [onDb], [other(DB, 10, [on(API)]), other(API, 10, [on(DB)])], 'db'],
    ['is never itself', [on(WEB)], [], undefined],
  ]
  for (const [what, own, others, expected] of cases) it(what, () => assert.equal(root(own, others), expected))

  it('leaves one of two that hang on each other, whoever asks', () => {
    for (const lead of [-10, 0, 10]) {
      const web: Other = { incident, suspects: [onDb] }
      const db = other(DB, lead, [on(WEB)])
      const answers = [
        correlate({ ...web, others: [db] }),
        correlate({ incident: db.incident, suspects: db.suspects, others: [web] }),
      ]
      assert.equal(answers.filter(Boolean).length, 1)
    }
  })
})
