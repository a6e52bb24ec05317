import type { Facts, PodFacts } from '@kubewise/contracts'

/** A container that ended this lately may do so again: too early to call it well. */
const SETTLED_AFTER_SECONDS = 60

function isPodWell({ cannotRun, exitCode, secondsSinceExit, ready }: PodFacts): boolean {
  const diedLately = exitCode !== 0 && secondsSinceExit > 0 && secondsSinceExit < SETTLED_AFTER_SECONDS
  return ready && !cannotRun && !diedLately
}

/** Those that count: a pod that goes is no sign of illness, and one that ended on its node is a record; its controller made another. */
const isCounted = ({ terminating, phase }: PodFacts) => !terminating && phase !== 'Succeeded' && phase !== 'Failed'

/** Kinds whose pods say how they are; of the others the state alone does not tell. */
const JUDGED_BY_PODS: ReadonlySet<string> = new Set([
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'Job',
  'CronJob',
  'Pod',
])

/**
 * What the target's state says, whatever its signals say: well when all the pods it wants are ready and none died lately.
 * A node is well when it is ready and wants for nothing; unknown for a Service or a custom resource: they have no pods of their own.
 */
export function wellness({ target, pods, job, node }: Facts): 'well' | 'ill' | 'unknown' {
  if (target.kind === 'Node' && node.name !== '')
    return node.ready === 'True' && node.pressures.length === 0 ? 'well' : 'ill'
  if (target.uid === '' || !JUDGED_BY_PODS.has(target.kind)) return 'unknown'
  if (job.exists) return job.complete && !job.failed ? 'well' : 'ill'
  const isFinished = target.kind === 'Pod' && pods.every(({ phase }) => phase === 'Succeeded')
  const isReady = target.ready >= target.wanted && pods.filter(isCounted).every(isPodWell)
  return isFinished || isReady ? 'well' : 'ill'
}
