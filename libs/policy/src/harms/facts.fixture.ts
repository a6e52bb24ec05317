import { FAILING_WAITING, PLAIN_POD, QUIET, type Facts, type Parameters, type PodFacts } from '@kubewise/contracts'

/** Some members of facts; those of nested members are laid over the calm ones. */
export type Given = { [K in keyof Facts]?: Facts[K] extends readonly unknown[] ? Facts[K] : Partial<Facts[K]> }

export function podFacts(name: string, given: Partial<PodFacts> = {}): PodFacts {
  return {
    ...PLAIN_POD,
    name,
    uid: `uid-${name}`,
    node: 'node-1',
    phase: 'Running',
    revision: 'h2',
    ready: true,
    terminating: false,
    bare: false,
    ageSeconds: 7200,
    waiting: '',
    restarts: 0,
    exitReason: '',
    exitCode: 0,
    secondsSinceExit: 0,
    oomKilled: false,
    cannotRun: false,
    ...given,
  }
}

const CALM: Facts = {
  ...QUIET,
  cluster: { ...QUIET.cluster, nodes: 5, managedTargets: 50 },
  target: {
    kind: 'Deployment',
    namespace: 'shop',
    name: 'web',
    uid: 'uid-web',
    exists: true,
    managed: true,
    wanted: 3,
    ready: 3,
    paused: false,
    ownedBy: '',
    hasAutoscaler: false,
    scaledToZero: false,
    revertedBy: '',
  },
  rollout: {
    current: 'h2',
    revision: 2,
    ageSeconds: 600,
    complete: true,
    deadlineExceeded: false,
    failingPods: 0,
    changed: [],
    lastHealthy: { exists: true, revision: 1, name: 'web-1', ageSeconds: 900 },
  },
  pods: ['a', 'b', 'c'].map((name) => podFacts(name)),
  failing: { waiting: [...FAILING_WAITING] },
  signals: [],
  dependencies: [],
  memory: {
    container: '',
    kills: 0,
    steady: false,
    limitBytes: 0,
    originalLimitBytes: 0,
    nextLimit: '',
    nextLimitBytes: 0,
    loweredByRollout: false,
    recurring: false,
  },
  runaway: { exists: false, pod: '', uid: '', value: 0, siblings: 0, ratio: 0, ready: false },
  job: { exists: false, complete: false, failed: false },
  budget: { exists: false, disruptionsAllowed: 0, deadlocked: false },
  attempts: { count: 0, lastAction: '', lastOutcome: '' },
  now: { openSeconds: 90 },
}

/** A Deployment of three pods, released ten minutes ago, in a cluster of five nodes: well, but for what is given. */
export function factsWith(given: Given = {}): Facts {
  const laid = Object.entries(given).map(([name, member]) => {
    const calm = CALM[name as keyof Facts]
    return [name, Array.isArray(calm) ? member : Object.assign({}, calm, member)]
  })
  return { ...CALM, ...Object.fromEntries(laid) } as Facts
}

/** One of each deed, as it would be proposed here. */
export const DEEDS: Readonly<Record<string, { action: string; parameters: Parameters }>> = {
  evict: { action: 'evict-pod@1', parameters: { pod: 'a', uid: 'uid-a' } },
  restart: { action: 'restart@1', parameters: {} },
  rollback: { action: 'rollback@1', parameters: { toRevision: 1 } },
  memory: { action: 'set-resources@1', parameters: { container: 'app', memoryLimit: '96Mi' } },
  cpu: { action: 'set-resources@1', parameters: { container: 'app', cpuLimit: '100m' } },
  scale: { action: 'scale@1', parameters: { replicas: 4 } },
}
