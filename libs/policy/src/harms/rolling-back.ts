import type { Facts } from '@kubewise/contracts'
import type { Harm } from './harm.ts'
import {
  hasDependencyDown,
  isClockAstray,
  isIdentityBroken,
  isNewest,
  isRollingOut,
  isServiceAstray,
  livePods,
} from './illness.ts'

/** What a failure looks like that a dependency could be the reason of. */
const CRASHING: ReadonlySet<string> = new Set(['', 'CrashLoopBackOff'])
const YOUNG_SECONDS = 60

/** Does anything speak against the newest release? */
function isReleaseAtFault(facts: Facts): boolean {
  const { rollout, forecast, memory, image, configuration, probe, scheduling } = facts
  return (
    !rollout.complete ||
    rollout.deadlineExceeded ||
    forecast.beganWithRollout ||
    memory.loweredByRollout ||
    [image, configuration, probe, scheduling].some(({ introducedByRollout }) => introducedByRollout) ||
    livePods(facts).some((pod) => isNewest(pod, facts) && (!pod.ready || pod.cannotRun || pod.restarts > 0))
  )
}

const failsOfOld = (facts: Facts): boolean =>
  livePods(facts).some(
    (pod) => !isNewest(pod, facts) && (pod.cannotRun || (!pod.ready && pod.ageSeconds > YOUNG_SECONDS)),
  )

const crashesOfNew = (facts: Facts): boolean =>
  livePods(facts).some((pod) => isNewest(pod, facts) && pod.cannotRun && CRASHING.has(pod.waiting))

/** Where an earlier release would be as ill, or the present one is not at fault. */
export const ROLLING_BACK: readonly Harm[] = [
  {
    code: 'no-healthy-revision',
    catalogue: [9],
    by: ['rollback'],
    when: ({ rollout }) => !rollout.lastHealthy.exists,
    say: 'No earlier revision is known to have been healthy.',
  },
  {
    code: 'revision-not-healthy',
    catalogue: [9],
    by: ['rollback'],
    when: ({ rollout }, { toRevision }) => rollout.lastHealthy.exists && toRevision !== rollout.lastHealthy.revision,
    say: 'Another revision is the one that was healthy last.',
  },
  {
    code: 'all-revisions-fail',
    catalogue: [10],
    by: ['rollback'],
    when: failsOfOld,
    say: 'The old revision is failing too, so the rollout is not the cause.',
  },
  {
    code: 'dependency-down',
    catalogue: [10],
    by: ['rollback'],
    when: (facts) => hasDependencyDown(facts) && crashesOfNew(facts),
    say: 'A dependency is down; rolling back would not help.',
  },
  {
    code: 'rollout-in-progress',
    catalogue: [41],
    by: ['rollback'],
    when: (facts) => isRollingOut(facts) && !facts.probe.introducedByRollout && !facts.scheduling.introducedByRollout,
    say: 'A rollout is under way within its deadline and none of its pods is failing.',
  },
  {
    code: 'release-not-at-fault',
    catalogue: [4, 5, 6, 37],
    by: ['rollback'],
    when: (facts) => facts.rollout.current !== '' && !isReleaseAtFault(facts),
    say: 'Nothing speaks against the newest release.',
  },
  {
    code: 'killed-for-memory',
    catalogue: [1, 3],
    by: ['rollback'],
    when: ({ memory, forecast }) =>
      memory.kills > 0 && (memory.steady || memory.recurring) && !memory.loweredByRollout && !forecast.beganWithRollout,
    say: 'The pods are killed for memory and the rollout did not lower the limit.',
  },
  {
    code: 'not-by-rollout',
    catalogue: [11, 24, 25],
    by: ['rollback'],
    when: ({ configuration, scheduling }) =>
      (configuration.missing && !configuration.introducedByRollout) ||
      (scheduling.blocked && !scheduling.introducedByRollout),
    say: 'What stands in its way was not brought by the newest rollout, so the earlier one would meet it too.',
  },
  {
    code: 'cause-elsewhere',
    catalogue: [33, 37, 39],
    by: ['rollback'],
    when: (facts) => isServiceAstray(facts) || isIdentityBroken(facts) || isClockAstray(facts),
    say: 'The cause lies outside of the workload.',
  },
]
