import type { Contributor } from '@kubewise/contracts'

const DAY_MS = 86_400_000
const SIGNED = 3
/** A part that deviates less than this is no part of what the alert is about. */
const LEAST_Z = 3

/** What a model of people's words looks at in an alert, each of a size near 1. */
export interface SampleParts {
  decades: number
  eventDecades: number
  isDuringRollout: boolean
  isPod: boolean
  isNode: boolean
  /** Of the greatest contributor. */
  z: number
  share: number
  timeMs: number
}

export const SAMPLE_FEATURES = 9

/** @returns as many numbers as {@link SAMPLE_FEATURES}; the hour of the day as a point on a circle */
export function sampleOf(parts: SampleParts): number[] {
  const hour = (2 * Math.PI * (parts.timeMs % DAY_MS)) / DAY_MS
  return [
    parts.decades / 3,
    parts.eventDecades / 3,
    parts.isDuringRollout ? 1 : 0,
    parts.isPod ? 1 : 0,
    parts.isNode ? 1 : 0,
    Math.sign(parts.z) * Math.log10(1 + Math.abs(parts.z)),
    parts.share,
    Math.sin(hour),
    Math.cos(hour),
  ].map((feature) => Math.round(feature * 1000) / 1000)
}

/**
 * What alerts are known by for whom they concern: the kind of workload, the three metrics that have most part in it with their
 * direction, and whether it was rolled out just then.
 */
export function signatureOf(
  targetKind: string,
  contributors: readonly Contributor[],
  isDuringRollout: boolean,
): string {
  const metrics = contributors
    .slice(0, SIGNED)
    .filter(({ z }, i) => i === 0 || Math.abs(z) >= LEAST_Z)
    .map(({ name, z }) => `${name}${z < 0 ? '-' : '+'}`)
  return [targetKind, ...metrics.toSorted(), ...(isDuringRollout ? ['rollout'] : [])].join(' ')
}
