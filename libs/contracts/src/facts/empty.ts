import type { Facts } from './facts.ts'
import type { PodFacts } from './pod-facts.ts'

/** What of a pod only its surroundings tell: nothing known. */
export const PLAIN_POD: Pick<
  PodFacts,
  | 'reason'
  | 'initializing'
  | 'imageProblem'
  | 'schedulingProblem'
  | 'missing'
  | 'failingProbe'
  | 'killedByProbe'
  | 'neverReady'
  | 'overRequest'
  | 'multiAttach'
  | 'nodeReady'
> = {
  reason: '',
  initializing: false,
  imageProblem: '',
  schedulingProblem: '',
  missing: '',
  failingProbe: '',
  killedByProbe: false,
  neverReady: false,
  overRequest: false,
  multiAttach: false,
  nodeReady: true,
}

/** The surroundings of a target of which nothing out of the ordinary is known. Every member of `Facts` that is no more than that. */
export const QUIET: Omit<
  Facts,
  'target' | 'rollout' | 'pods' | 'failing' | 'signals' | 'memory' | 'runaway' | 'job' | 'budget' | 'attempts' | 'now'
> = {
  dependencies: [],
  nodes: [],
  cluster: { nodes: 0, nodesNotReady: 0, notReadyShare: 0, illTargets: 0, managedTargets: 0, storm: false },
  creation: { refused: false, reason: '', by: '', ageSeconds: 0 },
  image: {
    failing: false,
    problem: '',
    registry: '',
    otherTargets: 0,
    runsElsewhere: false,
    introducedByRollout: false,
  },
  configuration: { missing: false, kind: '', name: '', key: '', introducedByRollout: false },
  probe: { failing: '', kills: false, introducedByRollout: false },
  scheduling: {
    blocked: false,
    reason: '',
    seconds: 0,
    introducedByRollout: false,
    impossible: false,
    cordonedNode: '',
    preempted: false,
  },
  volumes: [],
  volume: {
    name: '',
    uid: '',
    phase: '',
    everBound: false,
    waitsForConsumer: false,
    classExists: true,
    expandable: false,
    provisioningFailed: false,
    multiAttach: false,
    usedShare: 0,
    fullInSeconds: 0,
    sizeBytes: 0,
    nextSize: '',
  },
  node: {
    name: '',
    uid: '',
    ready: 'True',
    notReadySeconds: 0,
    pressures: [],
    cordoned: false,
    cordonedByUs: false,
    cordonedBy: '',
    taints: [],
    pods: 0,
    clockOffsetSeconds: 0,
  },
  culprit: { exists: false, namespace: '', pod: '', uid: '', resource: '' },
  autoscaler: {
    exists: false,
    name: '',
    uid: '',
    minReplicas: 0,
    maxReplicas: 0,
    current: 0,
    desired: 0,
    atMax: false,
    blind: false,
    nextMax: 0,
    hasRoom: false,
  },
  cpu: { throttled: false, allReplicas: false, container: '', limit: '', nextLimit: '' },
  forecast: { exists: false, resource: '', name: '', secondsLeft: 0, beganWithRollout: false },
  service: {
    exists: false,
    name: '',
    hasSelector: false,
    selected: 0,
    readyEndpoints: 0,
    portFits: true,
    changedBy: '',
    changedSeconds: 0,
  },
  network: { dnsFailing: false, newPolicies: [] },
  identity: { certificateExpired: false, forbidden: false, secretRotated: false },
  changes: [],
  alerts: [],
  correlation: { symptoms: 0, relations: [] },
}
