import assert from 'node:assert/strict'
import type { PodFacts } from '@kubewise/contracts'
import { factsLike, podLike, signalLike, type Oddities } from '../fixture/facts.ts'
import { playbooks } from '../fixture/worlds.ts'
import { askPlaybooks } from './ask.ts'

/** `rollback-image rollback@1 {"toRevision":1}`, `node-cordoned`, or `nothing`. */
function answered(odd: Oddities): string {
  const { answer, failures } = askPlaybooks(playbooks, factsLike(odd))
  assert.deepEqual(failures, [])
  if (!answer) return 'nothing'
  const steps = answer.steps.filter(({ action }) => !action.isPassive)
  return [answer.playbook.name, ...steps.map((step) => `${step.action.name} ${JSON.stringify(step.with)}`)].join(' ')
}

const old = podLike({ name: 'web-h1-a', uid: 'uid-old', revision: 'h1' })
const young = (odd: Partial<PodFacts>) =>
  podLike({ name: 'web-h2-new', uid: 'uid-new', ready: false, ageSeconds: 60, ...odd })
const failing = (odd: Partial<PodFacts>) => young({ cannotRun: true, ...odd })
const isNew = { ageSeconds: 60, complete: false }
const late = { ageSeconds: 700, complete: false, deadlineExceeded: true }
const back = 'rollback@1 {"toRevision":1}'
const node = (odd: Oddities['node'] = {}): Oddities => ({
  target: { kind: 'Node', namespace: '', name: 'node-1' },
  node: { name: 'node-1', uid: 'uid-node', ...odd },
  rollout: { current: '', lastHealthy: { exists: false } },
  pods: [],
  cluster: { nodes: 5, nodesNotReady: odd?.ready === undefined || odd.ready === 'True' ? 0 : 1 },
})
const claim = (odd: Oddities['volume'] = {}): Oddities => ({
  target: { kind: 'PersistentVolumeClaim', name: 'data' },
  rollout: { current: '', lastHealthy: { exists: false } },
  pods: [],
  volume: { name: 'data', uid: 'uid-data', phase: 'Bound', everBound: true, ...odd },
})
const service = (odd: Oddities['service'] = {}): Oddities => ({
  target: { kind: 'Service' },
  rollout: { current: '' },
  pods: [],
  service: { exists: true, name: 'web', hasSelector: true, selected: 2, readyEndpoints: 2, ...odd },
})
const pulling = failing({ waiting: 'ImagePullBackOff', imageProblem: 'not-found' })
const badImage = { failing: true, problem: 'not-found', registry: 'registry.example' }
const missing = { missing: true, kind: 'ConfigMap', name: 'settings' }
const unconfigured = failing({ waiting: 'CreateContainerConfigError', missing: 'ConfigMap/settings' })
const crashed = failing({ waiting: 'CrashLoopBackOff', restarts: 3, exitCode: 1, exitReason: 'Error' })
const pending = young({ phase: 'Pending', node: '', schedulingProblem: 'insufficient' })
const blocked = { blocked: true, reason: 'insufficient', seconds: 400 }
const scaler = {
  exists: true,
  name: 'web',
  uid: 'uid-hpa',
  minReplicas: 2,
  maxReplicas: 4,
  current: 4,
  desired: 4,
  atMax: true,
  nextMax: 6,
  hasRoom: true,
}
const atMax = [signalLike('autoscaler-at-maximum', { kind: 'HorizontalPodAutoscaler', name: 'web' })]
const full = [signalLike('volume-filling', { kind: 'PersistentVolumeClaim', name: 'data', source: 'metric' })]
const gone = [podLike({ ready: false }), podLike({ ready: false, name: 'web-h2-b', uid: 'uid-b' })]
const killed = failing({
  waiting: 'CrashLoopBackOff',
  restarts: 4,
  exitCode: 137,
  killedByProbe: true,
  failingProbe: 'liveness',
})
const leak = { exists: true, resource: 'memory', name: 'app', secondsLeft: 1800 }

describe('built-in playbooks: a world in, the choice out', () => {
  const cases: [string, Oddities, string][] = [
    ['a workload that is well', {}, 'nothing'],
    [
      'many nodes lost',
      {
        ...node({ ready: 'Unknown', notReadySeconds: 90 }),
        cluster: { nodes: 5, nodesNotReady: 3, notReadyShare: 0.6 },
      },
      'nodes-lost',
    ],
    [
      'two nodes lost of many',
      {
        ...node({ ready: 'Unknown', notReadySeconds: 90 }),
        cluster: { nodes: 50, nodesNotReady: 2, notReadyShare: 0.04 },
      },
      'node-not-ready',
    ],
    [
      'a storm',
      { target: { kind: 'Cluster', namespace: '', name: 'prod' }, cluster: { storm: true, nodes: 5 } },
      'storm',
    ],
    [
      'a storm that is over',
      { target: { kind: 'Cluster', namespace: '', name: 'prod' }, cluster: { storm: false, nodes: 5 } },
      'nothing',
    ],
    [
      'a nightly job killed for memory as last night',
      { target: { kind: 'CronJob' }, job: { exists: true }, memory: { kills: 1, recurring: true } },
      'memory-spike-of-job',
    ],
    [
      'a nightly job killed for the first time',
      { target: { kind: 'CronJob' }, job: { exists: true }, memory: { kills: 1 } },
      'job-retries',
    ],
    ['a full quota', { creation: { refused: true, reason: 'quota', by: 'pods' } }, 'quota-exceeded'],
    [
      'a webhook that does not answer',
      { creation: { refused: true, reason: 'webhook', by: 'policy' } },
      'webhook-down',
    ],
    ['Pod Security', { creation: { refused: true, reason: 'pod-security' } }, 'admission-refused'],
    [
      'a full quota, in the middle of a release',
      { rollout: late, creation: { refused: true, reason: 'quota' }, pods: [old] },
      'quota-exceeded',
    ],
    ['a disk that is full', node({ pressures: ['DiskPressure'] }), 'node-disk-pressure cordon@1 {}'],
    [
      'a disk that is full, on a node that is cordoned',
      node({ pressures: ['DiskPressure'], cordoned: true }),
      'node-disk-pressure-told',
    ],
    [
      'a disk that is full, while other nodes are lost',
      { ...node({ pressures: ['DiskPressure'] }), cluster: { nodes: 5, nodesNotReady: 2, notReadyShare: 0.2 } },
      'node-disk-pressure-told',
    ],
    ['memory that is used up', node({ pressures: ['MemoryPressure'] }), 'node-memory-pressure'],
    [
      'a pod that takes the memory of its node',
      {
        culprit: { exists: true, pod: 'web-h2-a', uid: 'uid-a', resource: 'memory' },
        pods: [podLike({ overRequest: true }), podLike({ name: 'b', uid: 'uid-b' })],
      },
      'evict-memory-hog evict-pod@1 {"pod":"web-h2-a","uid":"uid-a"}',
    ],
    [
      'a pod that takes the memory of its node and could not come back',
      {
        culprit: { exists: true, pod: 'web-h2-a', uid: 'uid-a', resource: 'memory' },
        pods: [podLike({ overRequest: true }), podLike({ name: 'b', uid: 'uid-b' })],
        configuration: missing,
      },
      'configuration-gone',
    ],
    [
      'a bare pod that takes the memory of its node',
      {
        culprit: { exists: true, pod: 'web-h2-a', uid: 'uid-a', resource: 'memory' },
        pods: [podLike({ overRequest: true, bare: true })],
      },
      'nothing',
    ],
    ['process ids that are used up', node({ pressures: ['PIDPressure'] }), 'node-exhausted'],
    ['a node that does not answer', node({ ready: 'Unknown', notReadySeconds: 90 }), 'cordon-lost-node cordon@1 {}'],
    ['a node that has just stopped answering', node({ ready: 'Unknown', notReadySeconds: 20 }), 'node-not-ready'],
    [
      'a node that does not answer and is cordoned',
      node({ ready: 'False', notReadySeconds: 90, cordoned: true }),
      'node-not-ready',
    ],
    ['a clock that is off', node({ clockOffsetSeconds: 3 }), 'clock-drift-told'],
    ['a clock that is wrong', node({ clockOffsetSeconds: 8 }), 'clock-drift cordon@1 {}'],
    ['a clock that is a little off', node({ clockOffsetSeconds: 0.1 }), 'nothing'],
    [
      'a clock that is wrong, while a node is lost',
      { ...node({ clockOffsetSeconds: 3 }), cluster: { nodes: 5, nodesNotReady: 1 } },
      'clock-drift-told',
    ],
    [
      'a node that KubeWise cordoned, and is well',
      node({ cordoned: true, cordonedByUs: true }),
      'uncordon-own uncordon@1 {}',
    ],
    [
      'a node that KubeWise cordoned, and is not well',
      node({ cordoned: true, cordonedByUs: true, clockOffsetSeconds: 3 }),
      'clock-drift-told',
    ],
    ['a node that somebody cordoned', node({ cordoned: true, cordonedBy: 'kubectl-cordon' }), 'node-cordoned'],
    ['a Service that selects nothing', service({ selected: 0, readyEndpoints: 0 }), 'service-misrouted'],
    ['a Service with a wrong port', service({ portFits: false }), 'service-misrouted'],
    ['a Service without a selector', service({ hasSelector: false, selected: 0 }), 'nothing'],
    ['a Service whose pods are ill', service({ readyEndpoints: 0 }), 'service-without-endpoints'],
    [
      'a new NetworkPolicy, and nothing is ready',
      { network: { newPolicies: ['deny-all'] }, pods: gone, target: { ready: 0 } },
      'network-broken',
    ],
    ['a new NetworkPolicy, and all are ready', { network: { newPolicies: ['deny-all'] } }, 'nothing'],
    [
      'a name service that fails',
      { network: { dnsFailing: true }, pods: gone, target: { ready: 0 } },
      'network-broken',
    ],
    [
      'a new NetworkPolicy and an image that is not there',
      {
        network: { newPolicies: ['x'] },
        image: badImage,
        pods: [pulling],
        rollout: { lastHealthy: { exists: false } },
      },
      'image-unavailable',
    ],
    [
      'a certificate that has expired',
      { identity: { certificateExpired: true }, pods: gone, target: { ready: 0 } },
      'credentials-expired',
    ],
    ['a certificate that has expired, and nobody minds', { identity: { certificateExpired: true } }, 'nothing'],
    [
      'a registry that limits the rate',
      {
        image: { ...badImage, problem: 'rate-limited', otherTargets: 3 },
        pods: [failing({ waiting: 'ImagePullBackOff', imageProblem: 'rate-limited' })],
      },
      'registry-unreachable',
    ],
    [
      'one release that names a host nobody answers at',
      {
        rollout: isNew,
        image: { ...badImage, problem: 'unreachable', introducedByRollout: true },
        pods: [old, failing({ waiting: 'ImagePullBackOff', imageProblem: 'unreachable' })],
      },
      'rollback-image rollback@1 {"toRevision":1}',
    ],
    [
      'a registry that is away, right after a release',
      {
        rollout: isNew,
        image: { ...badImage, problem: 'unreachable', introducedByRollout: true, otherTargets: 2 },
        pods: [old, failing({ waiting: 'ImagePullBackOff', imageProblem: 'unreachable' })],
      },
      'registry-unreachable',
    ],
    [
      'a pull secret that is gone',
      {
        image: { ...badImage, problem: 'unauthorized', runsElsewhere: true },
        pods: [podLike(), failing({ waiting: 'ErrImagePull', imageProblem: 'unauthorized' })],
      },
      'image-unauthorized',
    ],
    [
      'a release with an image that is not there',
      { rollout: isNew, image: { ...badImage, introducedByRollout: true }, pods: [old, pulling] },
      `rollback-image ${back}`,
    ],
    [
      'an image that is not there, for the old revision too',
      {
        rollout: isNew,
        image: { ...badImage, introducedByRollout: true },
        pods: [{ ...old, ready: false, cannotRun: true }, pulling],
      },
      'image-unavailable',
    ],
    [
      'a release that needs a ConfigMap that is not there',
      { rollout: isNew, configuration: { ...missing, introducedByRollout: true }, pods: [old, unconfigured] },
      `rollback-missing-configuration ${back}`,
    ],
    [
      'a ConfigMap that was deleted',
      { rollout: isNew, configuration: missing, pods: [old, unconfigured] },
      'configuration-gone',
    ],
    [
      'a command that is not there',
      {
        rollout: isNew,
        pods: [old, failing({ waiting: 'CrashLoopBackOff', restarts: 2, exitCode: 128, exitReason: 'StartError' })],
      },
      `rollback-start-error ${back}`,
    ],
    [
      'a command that is not there, and nothing to go back to',
      {
        rollout: { ...isNew, lastHealthy: { exists: false } },
        pods: [failing({ waiting: 'RunContainerError', exitReason: 'StartError' })],
      },
      'configuration-missing',
    ],
    [
      'a probe that came with the release and kills',
      {
        rollout: { ...isNew, changed: ['probes'] },
        probe: { failing: 'liveness', kills: true, introducedByRollout: true },
        pods: [old, killed],
      },
      `rollback-liveness-probe ${back}`,
    ],
    [
      'a probe that kills, and came with no release',
      { rollout: { lastHealthy: { exists: false } }, probe: { failing: 'liveness', kills: true }, pods: [killed] },
      'liveness-probe',
    ],
    [
      'a probe that seems to kill what died for memory',
      {
        rollout: { ...isNew, changed: ['probes'] },
        probe: { failing: 'liveness', kills: true, introducedByRollout: true },
        memory: { kills: 1 },
        pods: [old, { ...killed, oomKilled: true }],
      },
      'nothing',
    ],
    [
      'a release of variables alone, whose pods crash',
      { rollout: { ...isNew, changed: ['env'] }, pods: [old, crashed] },
      `rollback-broken-rollout ${back}`,
    ],
    [
      'a release of variables and image, whose pods crash',
      { rollout: { ...isNew, changed: ['env', 'image'] }, pods: [old, crashed] },
      `rollback-broken-rollout ${back}`,
    ],
    [
      'a release of variables, and a dependency is down',
      {
        rollout: { ...isNew, changed: ['env'] },
        dependencies: [{ name: 'db', namespace: 'shop', available: false }],
        pods: [old, crashed],
      },
      'dependency-down',
    ],
    ['memory that grows', { forecast: leak }, 'restart-leaking restart@1 {}'],
    [
      'memory that grows, in pods that could not come back',
      { forecast: leak, creation: { refused: true, reason: 'other' } },
      'admission-refused',
    ],
    [
      'memory that grows since the release',
      { rollout: { ageSeconds: 1800 }, forecast: { ...leak, beganWithRollout: true } },
      `rollback-leaking-release ${back}`,
    ],
    ['memory that grows, in the middle of a release', { rollout: isNew, forecast: leak }, 'rollout-in-progress'],
    [
      'a kill for memory at the same hour as before',
      {
        memory: { container: 'app', kills: 2, recurring: true, nextLimit: '96Mi' },
        pods: [podLike({ oomKilled: true, secondsSinceExit: 30, restarts: 1 })],
      },
      'memory-spike-recurring set-resources@1 {"container":"app","memoryLimit":"96Mi"}',
    ],
    ['an autoscaler that is blind', { autoscaler: { exists: true, name: 'web', blind: true } }, 'autoscaler-blind'],
    [
      'an autoscaler at its maximum',
      { autoscaler: scaler, signals: atMax },
      'raise-autoscaler-maximum set-autoscaler-maximum@1 {"autoscaler":"web","uid":"uid-hpa","maxReplicas":6}',
    ],
    [
      'an autoscaler at its maximum, and no room',
      { autoscaler: { ...scaler, hasRoom: false }, signals: atMax },
      'autoscaler-at-maximum',
    ],
    [
      'an autoscaler at its maximum, and a dependency is down',
      { autoscaler: scaler, signals: atMax, dependencies: [{ name: 'db', namespace: 'shop', available: false }] },
      'autoscaler-at-maximum',
    ],
    [
      'all replicas held back',
      { cpu: { throttled: true, allReplicas: true, container: 'app', limit: '50m', nextLimit: '75m' } },
      'raise-cpu-limit set-resources@1 {"container":"app","cpuLimit":"75m"}',
    ],
    [
      'one replica held back',
      { cpu: { throttled: true, allReplicas: false, container: 'app', limit: '50m', nextLimit: '75m' } },
      'nothing',
    ],
    [
      'all replicas held back, at the highest limit',
      { cpu: { throttled: true, allReplicas: true, container: 'app', limit: '50m', nextLimit: '' } },
      'cpu-limit-bound',
    ],
    [
      'a volume that hangs at another node',
      {
        volume: { name: 'data', phase: 'Bound', everBound: true, multiAttach: true },
        pods: [young({ multiAttach: true, phase: 'Pending' })],
      },
      'volume-stuck',
    ],
    [
      'a volume that is full',
      { ...claim({ usedShare: 0.93, expandable: true, nextSize: '15Gi' }), signals: full },
      'expand-volume expand-volume@1 {"size":"15Gi"}',
    ],
    ['a volume that is full and cannot grow', { ...claim({ usedShare: 0.93 }), signals: full }, 'volume-filling'],
    ['a volume that is half full', claim({ usedShare: 0.5, expandable: true, nextSize: '15Gi' }), 'nothing'],
    [
      'a claim of a class that is not there',
      claim({ phase: 'Pending', everBound: false, classExists: false }),
      'volume-unbound',
    ],
    [
      'a claim that waits for its pod',
      claim({ phase: 'Pending', everBound: false, waitsForConsumer: true }),
      'nothing',
    ],
    [
      'pods that had to go for others',
      { scheduling: { ...blocked, preempted: true }, target: { ready: 1 }, pods: [podLike(), pending] },
      'preempted',
    ],
    [
      'a place on a cordoned node',
      { scheduling: { ...blocked, reason: 'cordoned', cordonedNode: 'node-2' }, pods: [pending] },
      'place-cordoned',
    ],
    [
      'a release that asks for too much',
      { rollout: late, scheduling: { ...blocked, introducedByRollout: true }, pods: [old, pending] },
      `rollback-unschedulable-resources ${back}`,
    ],
    [
      'a release that asks for a node that there is not',
      {
        rollout: late,
        scheduling: { ...blocked, reason: 'selector', introducedByRollout: true },
        pods: [old, pending],
      },
      `rollback-unschedulable-constraints ${back}`,
    ],
    [
      'a release that waits for a place within its deadline',
      { rollout: isNew, scheduling: { ...blocked, seconds: 30, introducedByRollout: true }, pods: [old, pending] },
      'rollout-in-progress',
    ],
    ['no place, and no release', { scheduling: blocked, pods: [podLike(), pending] }, 'unschedulable-resources'],
    [
      'no node with the label, and no release',
      { scheduling: { ...blocked, reason: 'selector' }, pods: [podLike(), pending] },
      'unschedulable-constraints',
    ],
    [
      'a readiness probe of the release that never passes',
      {
        rollout: { ...late, changed: ['probes'] },
        probe: { failing: 'readiness', introducedByRollout: true },
        pods: [old, young({ neverReady: true, failingProbe: 'readiness' })],
      },
      `rollback-readiness-probe ${back}`,
    ],
    [
      'a readiness probe of the release that has not passed yet',
      {
        rollout: { ...isNew, changed: ['probes'] },
        probe: { failing: 'readiness', introducedByRollout: true },
        pods: [old, young({ neverReady: true, failingProbe: 'readiness' })],
      },
      'rollout-in-progress',
    ],
    [
      'a readiness probe that fails without a release',
      {
        probe: { failing: 'readiness' },
        pods: [podLike({ ready: false, failingProbe: 'readiness' })],
        target: { ready: 0 },
      },
      'readiness-probe',
    ],
    [
      'an init container that waits',
      {
        rollout: isNew,
        pods: [young({ phase: 'Pending', initializing: true })],
        signals: [signalLike('init-hanging')],
      },
      'init-blocked',
    ],
    [
      'a budget that lets no pod go',
      {
        budget: { exists: true, deadlocked: true },
        signals: [signalLike('budget-deadlock', { kind: 'PodDisruptionBudget' })],
      },
      'budget-deadlock',
    ],
    [
      'a budget that lets no pod go, and nobody wants one to',
      { budget: { exists: true, deadlocked: true } },
      'nothing',
    ],
    [
      'a broken release of what Argo CD owns',
      { target: { ownedBy: 'Argo CD shop' }, rollout: { ...isNew, changed: ['env'] }, pods: [old, crashed] },
      'owned-elsewhere',
    ],
    ['a workload scaled to 0', { target: { wanted: 0, ready: 0, scaledToZero: true }, pods: [] }, 'scaled-to-zero'],
  ]
  for (const [what, odd, expected] of cases) it(`${what} → ${expected}`, () => assert.equal(answered(odd), expected))

  it('covers every playbook that is not covered by a world of its own elsewhere', () => {
    const named = new Set(cases.map(([, , expected]) => expected.split(' ')[0]))
    const elsewhere = new Set([
      'bare-pod',
      'completed-job',
      'crash-unexplained',
      'evict-runaway-replica',
      'failed-job',
      'finished-pod',
      'job-cannot-start',
      'memory-leak',
      'memory-limit-bound',
      'no-healthy-revision',
      'paused',
      'raise-memory-limit',
      'rollback-lowered-memory',
      'rollback-stuck-rollout',
      'several-runaways',
    ])
    assert.deepEqual(
      playbooks.map(({ name }) => name).filter((name) => !named.has(name) && !elsewhere.has(name)),
      [],
    )
  })
})
