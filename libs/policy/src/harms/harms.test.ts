import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import type { Facts } from '@kubewise/contracts'
import { DEEDS, factsWith, podFacts, type Given } from './facts.fixture.ts'
import { FREEZE, harmOf, HARMS, harmsOf } from './index.ts'

const QUOTA: Given = { creation: { refused: true, reason: 'quota' } }
const crashing = podFacts('new', {
  revision: 'h2',
  ready: false,
  cannotRun: true,
  waiting: 'CrashLoopBackOff',
  restarts: 3,
})
const old = ['a', 'b', 'c'].map((name) => podFacts(name, { revision: 'h1' }))
const rollingOut = { complete: false, failingPods: 0 }
const pastDeadline = { ...rollingOut, deadlineExceeded: true }
const badRelease: Given = { pods: [...old, crashing], rollout: { complete: false, failingPods: 1 } }
const badImage: Given = { ...badRelease, image: { failing: true, problem: 'not-found', introducedByRollout: true } }
const steady: Given['memory'] = { container: 'app', kills: 2, steady: true, nextLimit: '96Mi' }
const oom = ['a', 'b', 'c'].map((name) =>
  podFacts(name, { oomKilled: true, cannotRun: true, waiting: 'CrashLoopBackOff', restarts: 2 }),
)
const node = {
  name: 'node-1',
  uid: 'n',
  ready: 'True',
  notReadySeconds: 0,
  pressures: [] as string[],
  cordoned: false,
  cordonedByUs: false,
  cordonedBy: '',
  taints: [],
  pods: 1,
  clockOffsetSeconds: 0,
}
const volume = {
  name: 'data',
  uid: 'v',
  phase: 'Bound',
  everBound: true,
  waitsForConsumer: false,
  classExists: true,
  expandable: true,
  provisioningFailed: false,
  multiAttach: false,
  usedShare: 0.5,
  fullInSeconds: 0,
  sizeBytes: 1,
  nextSize: '2Gi',
}

/** The failure, the state, the deeds that are right there (and so not refused), and those that harm, each with the code. */
const TABLE: readonly [string, Given, string, Readonly<Record<string, string>>][] = [
  ['nothing is wrong', {}, 'evict restart memory cpu scale', { rollback: 'release-not-at-fault' }],
  [
    '1: the memory limit is too low',
    { memory: steady, pods: oom },
    'memory',
    { evict: 'pods-cannot-run', restart: 'restart-repeats', scale: 'pods-cannot-run', rollback: 'killed-for-memory' },
  ],
  [
    '1: the release lowered it',
    { memory: { ...steady, loweredByRollout: true }, pods: oom },
    'rollback',
    { restart: 'restart-repeats' },
  ],
  [
    '2: memory leaks',
    { forecast: { exists: true, resource: 'memory', secondsLeft: 3000 } },
    'restart',
    { memory: 'memory-leak' },
  ],
  [
    '2: the leak began with the release',
    { forecast: { exists: true, resource: 'memory', beganWithRollout: true } },
    'rollback restart',
    { memory: 'memory-leak' },
  ],
  [
    '3: memory spikes every night',
    { memory: { ...steady, steady: false, recurring: true } },
    'memory',
    { restart: 'killed-for-memory' },
  ],
  [
    '4: all replicas are throttled',
    { cpu: { throttled: true, allReplicas: true, container: 'app' } },
    'cpu',
    { evict: 'limit-holds-back', restart: 'limit-holds-back', scale: 'limit-holds-back' },
  ],
  [
    '5: one replica runs away',
    { runaway: { exists: true, pod: 'a', uid: 'uid-a', ratio: 9 } },
    'evict',
    { restart: 'one-replica-alone', scale: 'one-replica-alone', cpu: 'one-replica-alone' },
  ],
  [
    '5: another replica runs away',
    { runaway: { exists: true, pod: 'b', uid: 'uid-b', ratio: 9 } },
    '',
    { evict: 'not-the-runaway' },
  ],
  [
    '6: its autoscaler is at its maximum',
    { autoscaler: { exists: true, atMax: true, hasRoom: true, nextMax: 5 } },
    '',
    { evict: 'at-capacity', restart: 'at-capacity', scale: 'at-capacity' },
  ],
  ['7: its autoscaler is blind', { autoscaler: { exists: true, blind: true } }, '', { scale: 'autoscaler-blind' }],
  [
    '8: a hog takes the node’s memory',
    {
      culprit: { exists: true, pod: 'a', uid: 'uid-a', resource: 'memory' },
      nodes: [{ ...node, pressures: ['MemoryPressure'] }],
    },
    'evict',
    { scale: 'node-in-need', memory: 'node-memory-pressure' },
  ],
  [
    '8: this is one of its victims',
    { culprit: { exists: true, pod: 'hog', uid: 'uid-hog', resource: 'memory' } },
    '',
    { evict: 'not-the-culprit' },
  ],
  [
    '9: a release crashes',
    badRelease,
    'rollback',
    { evict: 'pods-cannot-run', restart: 'restart-repeats', scale: 'pods-cannot-run' },
  ],
  [
    '9: and was never healthy before',
    {
      ...badRelease,
      rollout: { complete: false, lastHealthy: { exists: false, revision: 0, name: '', ageSeconds: 0 } },
    },
    '',
    { rollback: 'no-healthy-revision' },
  ],
  [
    '10: a dependency is down',
    { ...badRelease, dependencies: [{ namespace: 'shop', name: 'db', available: false }] },
    '',
    { rollback: 'dependency-down', restart: 'restart-repeats' },
  ],
  [
    '10: the old release fails too',
    { pods: [crashing, ...old.map((pod) => ({ ...pod, cannotRun: true, ready: false }))] },
    '',
    { rollback: 'all-revisions-fail' },
  ],
  [
    '11: the release names a ConfigMap that is missing',
    { ...badRelease, configuration: { missing: true, introducedByRollout: true } },
    'rollback',
    { evict: 'configuration-missing', restart: 'configuration-missing', memory: 'configuration-missing' },
  ],
  [
    '11: somebody deleted the ConfigMap',
    { ...badRelease, configuration: { missing: true } },
    '',
    { rollback: 'not-by-rollout', evict: 'configuration-missing' },
  ],
  [
    '13: the image does not exist',
    badImage,
    'rollback',
    {
      evict: 'image-unavailable',
      restart: 'image-unavailable',
      scale: 'image-unavailable',
      memory: 'image-unavailable',
    },
  ],
  [
    '14: the pull secret is gone',
    { ...badImage, image: { failing: true, problem: 'unauthorized' } },
    '',
    {
      evict: 'image-unreached',
      restart: 'image-unreached',
      rollback: 'image-unreached',
      memory: 'image-unreached',
      scale: 'image-unreached',
    },
  ],
  [
    '15: the registry does not answer',
    { ...badImage, image: { failing: true, problem: 'unreachable', otherTargets: 3 } },
    '',
    { evict: 'image-unreached', rollback: 'image-unreached' },
  ],
  [
    '13: one release names a host that nobody answers at',
    { ...badImage, image: { failing: true, problem: 'unreachable', introducedByRollout: true } },
    'rollback',
    { evict: 'image-unavailable', restart: 'image-unavailable', memory: 'image-unavailable' },
  ],
  [
    '15: the registry wants less',
    { ...badImage, image: { failing: true, problem: 'rate-limited' } },
    '',
    { rollback: 'image-unreached' },
  ],
  [
    '17: the liveness probe kills',
    {
      probe: { failing: 'liveness', kills: true, introducedByRollout: true },
      pods: [podFacts('a', { exitCode: 137, restarts: 3, killedByProbe: true })],
    },
    'rollback',
    { evict: 'probe-fails', restart: 'probe-fails', memory: 'not-for-memory' },
  ],
  [
    '18: the readiness probe is wrong',
    { probe: { failing: 'readiness', introducedByRollout: true }, rollout: pastDeadline },
    'rollback',
    { restart: 'probe-fails', evict: 'probe-fails' },
  ],
  [
    '18: a release whose pods are slow to become ready, within its deadline',
    { probe: { failing: 'readiness', introducedByRollout: true }, rollout: rollingOut },
    '',
    { rollback: 'rollout-in-progress', restart: 'probe-fails' },
  ],
  [
    '19: an init container hangs',
    { pods: [podFacts('a', { initializing: true, ready: false, phase: 'Pending' })] },
    '',
    { evict: 'starting-up', restart: 'starting-up' },
  ],
  [
    '20: the quota is full',
    QUOTA,
    '',
    {
      evict: 'creation-refused',
      restart: 'creation-refused',
      scale: 'creation-refused',
      rollback: 'creation-refused',
      memory: 'creation-refused',
    },
  ],
  [
    '21: Pod Security refuses',
    { creation: { refused: true, reason: 'pod-security' } },
    '',
    { evict: 'creation-refused' },
  ],
  ['22: a webhook is down', { creation: { refused: true, reason: 'webhook' } }, '', { restart: 'creation-refused' }],
  [
    '24: no node has room',
    { scheduling: { blocked: true, reason: 'insufficient' } },
    '',
    { evict: 'not-schedulable', scale: 'not-schedulable', rollback: 'not-by-rollout' },
  ],
  [
    '24: the release asks for too much',
    { scheduling: { blocked: true, reason: 'insufficient', introducedByRollout: true }, rollout: pastDeadline },
    'rollback',
    { scale: 'not-schedulable' },
  ],
  [
    '26: it was preempted',
    { scheduling: { preempted: true } },
    '',
    { restart: 'not-schedulable', evict: 'not-schedulable' },
  ],
  [
    '28: its node is not ready',
    { pods: [podFacts('a', { nodeReady: false, ready: false }), podFacts('b')] },
    '',
    { evict: 'node-not-ready' },
  ],
  [
    '29: nodes are lost',
    { cluster: { nodes: 3, nodesNotReady: 2, notReadyShare: 0.66 } },
    '',
    { evict: 'nodes-lost', restart: 'nodes-lost', rollback: 'nodes-lost', memory: 'nodes-lost', scale: 'nodes-lost' },
  ],
  ['29: a storm', { cluster: { storm: true } }, '', { evict: 'storm', rollback: 'storm' }],
  [
    '31: a node has no process ids left',
    { nodes: [{ ...node, pressures: ['PIDPressure'] }] },
    'evict',
    { scale: 'node-in-need' },
  ],
  [
    '33: a clock drifts',
    { node: { clockOffsetSeconds: 60 } },
    '',
    { restart: 'clock-drift', evict: 'clock-drift', rollback: 'release-not-at-fault' },
  ],
  [
    '34: a volume is not bound',
    { volumes: [{ ...volume, phase: 'Pending' }] },
    '',
    { evict: 'volume-astray', restart: 'volume-astray' },
  ],
  [
    '34: a volume waits for its first pod',
    { volumes: [{ ...volume, phase: 'Pending', waitsForConsumer: true }] },
    'restart',
    {},
  ],
  [
    '35: a volume fills',
    { volumes: [{ ...volume, usedShare: 0.95 }] },
    '',
    { evict: 'volume-filling', restart: 'volume-filling' },
  ],
  [
    '36: a volume hangs elsewhere',
    { volumes: [{ ...volume, multiAttach: true }] },
    '',
    { evict: 'volume-astray', scale: 'volume-astray' },
  ],
  [
    '37: its Service leads nowhere',
    { service: { exists: true, hasSelector: true, selected: 0 } },
    '',
    { restart: 'service-misrouted', evict: 'service-misrouted', rollback: 'release-not-at-fault' },
  ],
  [
    '38: names are not resolved',
    { network: { dnsFailing: true } },
    '',
    { restart: 'network-broken', evict: 'network-broken' },
  ],
  [
    '39: its certificate has expired',
    { identity: { certificateExpired: true } },
    '',
    { restart: 'credentials-expired' },
  ],
  ['39: its secret was rotated', { identity: { forbidden: true, secretRotated: true } }, 'restart', {}],
  ['40: a Job has ended', { job: { exists: true, complete: true } }, '', { evict: 'job', restart: 'job' }],
  [
    '40: the pod has ended',
    { pods: [podFacts('a', { phase: 'Succeeded', ready: false })] },
    '',
    { evict: 'finished-pod' },
  ],
  [
    '41: a rollout is under way',
    { rollout: rollingOut },
    '',
    {
      rollback: 'rollout-in-progress',
      scale: 'rollout-in-progress',
      restart: 'rollout-in-progress',
      memory: 'rollout-in-progress',
    },
  ],
  [
    '41: somebody scaled it to 0',
    { target: { scaledToZero: true, wanted: 0 } },
    '',
    { scale: 'scaled-to-zero', rollback: 'scaled-to-zero' },
  ],
  [
    '43: Argo CD owns it',
    { target: { revertedBy: 'argocd-controller' } },
    '',
    { rollback: 'owned-elsewhere', memory: 'owned-elsewhere' },
  ],
  ['43: somebody took our change back', { target: { revertedBy: 'helm' } }, '', { memory: 'owned-elsewhere' }],
  ['a pod without a controller', { pods: [podFacts('a', { bare: true })] }, '', { evict: 'bare-pod' }],
]

const deedOf = (name: string) => DEEDS[name] ?? assert.fail(`no deed ${name}`)
const codes = (name: string, facts: Facts) =>
  harmsOf(deedOf(name).action, deedOf(name).parameters, facts).map(({ code }) => code)

describe('harm rules', () => {
  for (const [failure, given, right, wrong] of TABLE)
    it(failure, () => {
      const facts = factsWith(given)
      for (const deed of right.split(' ').filter((name) => name !== '')) assert.deepEqual(codes(deed, facts), [], deed)
      for (const [deed, code] of Object.entries(wrong))
        assert.ok(codes(deed, facts).includes(code), `${deed}: ${codes(deed, facts).join(', ') || 'not refused'}`)
    })

  it('refuse an unknown action and one of a new version alike, and never one that only tells', () => {
    assert.equal(harmOf('delete-namespace@1', {}, factsWith())?.code, 'action-unknown')
    assert.equal(harmOf('escalate@1', {}, factsWith({ cluster: { storm: true } })), undefined)
  })

  it('bind every rule to a failure of the catalogue, in words for people', () => {
    for (const { code, catalogue, say } of HARMS) {
      assert.ok(catalogue.length > 0 && catalogue.every((number) => number >= 1 && number <= 44), code)
      assert.match(say, /^[A-Z].*\.$/, code)
    }
  })
})

/** Illnesses for which the catalogue says freeze. */
const FREEZING: readonly Given[] = [
  QUOTA,
  { creation: { refused: true, reason: 'pod-security' } },
  { creation: { refused: true, reason: 'webhook' } },
  { image: { failing: true, problem: 'unauthorized' } },
  { image: { failing: true, problem: 'unreachable', otherTargets: 2 } },
  { image: { failing: true, problem: 'rate-limited' } },
  { cluster: { nodes: 6, nodesNotReady: 3, notReadyShare: 0.5 } },
  { cluster: { storm: true } },
]

describe('an illness for which the catalogue says freeze', () => {
  it('leaves nothing allowed, whatever else is the case, and takes no refusal back', () => {
    const states = fc.array(fc.constantFrom(...TABLE.map(([, given]) => given)), { maxLength: 3 })
    const cases = fc.tuple(states, fc.constantFrom(...FREEZING), fc.constantFrom(...Object.keys(DEEDS)))
    fc.assert(
      fc.property(cases, ([given, illness, deed]) => {
        const before: Given = Object.assign({}, ...given)
        const [name, member] = Object.entries(illness)[0] as [keyof Facts, object]
        const after = { ...before, [name]: { ...(before[name] as object), ...member } }
        const refused = codes(deed, factsWith(after))
        assert.ok(
          refused.some((code) => FREEZE.some((rule) => rule.code === code)),
          refused.join(),
        )
        const others = codes(deed, factsWith(before)).filter((code) => code !== 'image-unreached')
        assert.deepEqual(
          others.filter((code) => !refused.includes(code)),
          [],
        )
      }),
    )
  })
})
