import type { Facts, PodFacts } from '@kubewise/contracts'

/**
 * Did the newest rollout bring what these pods suffer from? Only they have it, there was a healthy revision before, and the
 * newest template changed one of these areas against it.
 */
export function isIntroduced(
  ill: readonly PodFacts[],
  { current, lastHealthy, changed }: Facts['rollout'],
  areas: readonly string[],
): boolean {
  if (ill.length === 0 || current === '' || !lastHealthy.exists) return false
  return ill.every(({ revision }) => revision === current) && changed.some((area) => areas.includes(area))
}
