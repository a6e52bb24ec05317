import type { Facts, PodFacts } from '@kubewise/contracts'

/** Pods that are not on their way out. */
export const livePods = ({ pods }: Facts): PodFacts[] => pods.filter(({ terminating }) => !terminating)

export const isNewest = (pod: PodFacts, { rollout }: Facts): boolean => pod.revision === rollout.current

/** A rollout within its deadline, none of whose pods is failing. */
export const isRollingOut = (facts: Facts): boolean =>
  facts.rollout.current !== '' &&
  !facts.rollout.complete &&
  !facts.rollout.deadlineExceeded &&
  facts.rollout.failingPods === 0 &&
  facts.memory.kills === 0 &&
  !livePods(facts).some(({ cannotRun }) => cannotRun)

export const hasDependencyDown = ({ dependencies }: Facts): boolean => dependencies.some(({ available }) => !available)

/** A claim of the target that holds it back, though not by waiting for its first pod. */
export const hasVolumeAstray = ({ volumes }: Facts): boolean =>
  volumes.some(
    ({ multiAttach, provisioningFailed, phase, waitsForConsumer }) =>
      multiAttach || provisioningFailed || (phase === 'Pending' && !waitsForConsumer),
  )

export const isServiceAstray = ({ service }: Facts): boolean =>
  service.exists && service.hasSelector && (service.selected === 0 || !service.portFits)

export const isNetworkBroken = ({ network }: Facts): boolean => network.dnsFailing || network.newPolicies.length > 0

/** Certificates or permissions are gone; a secret that was rotated since is what a restart would pick up. */
export const isIdentityBroken = ({ identity }: Facts): boolean =>
  (identity.certificateExpired || identity.forbidden) && !identity.secretRotated

const MOST_CLOCK_OFFSET_SECONDS = 5
export const isClockAstray = ({ nodes, node }: Facts): boolean =>
  [...nodes, node].some(({ clockOffsetSeconds }) => Math.abs(clockOffsetSeconds) > MOST_CLOCK_OFFSET_SECONDS)

export const isNodeInNeed = ({ nodes, node, culprit }: Facts): boolean =>
  culprit.exists || [...nodes, node].some(({ pressures }) => pressures.length > 0)

const FULL_SHARE = 0.9
export const isVolumeFilling = ({ volumes, forecast }: Facts): boolean =>
  (forecast.exists && forecast.resource === 'volume') || volumes.some(({ usedShare }) => usedShare > FULL_SHARE)
