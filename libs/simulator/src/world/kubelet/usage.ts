import { amountOf } from '../objects/amounts.ts'
import type { Demand } from '../behaviour/demands.ts'
import { loadAt, nextNoise } from '../behaviour/load.ts'
import { MINUTE_MS, SECOND_MS } from '../time.ts'
import type { PodSync } from './context.ts'
import type { ContainerRuntime } from './runtime.ts'

const MI = 2 ** 20
const WARM_UP_MS = 8 * SECOND_MS
const NOISE = 0.06
/** The kernel hands out CPU in periods of 100 ms. */
const PERIODS_PER_SECOND = 10

/** What a container wants of CPU now, whatever its limit, in thousandths of a core. */
function wantedMilli(sync: PodSync, container: ContainerRuntime, demand: Demand | undefined, replicas: number): number {
  const { behaviour, usage } = container
  const share = behaviour.isLoadShared ? 1 / Math.max(1, replicas) : 1
  const usual = behaviour.cpuMilli * share * loadAt(behaviour.load.daily, sync.nowMs) * (1 + NOISE * usage.noise)
  return Math.max(0, usual, demand?.cpuMilli ?? 0)
}

/** What a container wants of memory now, whatever its limit, in bytes. */
function wantedBytes(sync: PodSync, container: ContainerRuntime, demand: Demand | undefined): number {
  const { behaviour, usage, startedMs } = container
  const ageMs = sync.nowMs - startedMs
  const warmth = Math.min(1, 0.2 + (0.8 * ageMs) / WARM_UP_MS)
  const usual =
    (behaviour.memoryMi * warmth + (behaviour.memoryGrowthMiPerSecond * ageMs) / SECOND_MS) * (1 + 0.01 * usage.noise)
  if (demand?.memoryMi === undefined) return usual * MI
  // Replicas do not reach the new level together.
  const risesMs = WARM_UP_MS * (1 + (Number.parseInt(sync.runtime.uid.slice(0, 2), 16) || 0) / 128)
  const risen = Math.min(1, Math.max(0, (sync.nowMs - Math.max(demand.sinceMs, startedMs)) / risesMs))
  return Math.max(usual, usual + (demand.memoryMi - usual) * risen) * MI
}

/**
 * Lets a running container use CPU and memory for the time since the last look.
 *
 * @param replicas how many siblings share the load
 * @returns whether it went over its memory limit, and the kernel kills it
 */
export function useResources(
  sync: PodSync,
  container: ContainerRuntime,
  demand: Demand | undefined,
  replicas: number,
): boolean {
  const { usage, granted } = container
  const seconds = Math.min(sync.elapsedMs, sync.nowMs - container.startedMs, MINUTE_MS) / SECOND_MS
  usage.noise = nextNoise(usage.noise, seconds, sync.ports.random)
  const limitMilli = (amountOf(granted.limits?.['cpu']) ?? Number.POSITIVE_INFINITY) * 1000
  const wanted = wantedMilli(sync, container, demand, replicas)
  usage.cpuMilli = Math.min(wanted, limitMilli)
  usage.cpuSeconds += (usage.cpuMilli / 1000) * seconds
  if (Number.isFinite(limitMilli)) countThrottling(container, wanted / limitMilli, seconds)
  const limitBytes = amountOf(granted.limits?.['memory']) ?? Number.POSITIVE_INFINITY
  const bytes = wantedBytes(sync, container, demand)
  usage.memoryBytes = Math.min(bytes, limitBytes)
  return bytes >= limitBytes
}

/** @param pressure wanted CPU as a share of the limit; bursts are throttled before the mean reaches it */
function countThrottling({ usage }: ContainerRuntime, pressure: number, seconds: number): void {
  const throttled = Math.min(1, Math.max(0, (pressure - 0.8) / 0.25))
  usage.periods += PERIODS_PER_SECOND * seconds
  usage.throttledPeriods += PERIODS_PER_SECOND * seconds * throttled
  usage.throttledSeconds += seconds * Math.max(0, pressure - 1) * throttled
}
