import { keyOf, type Incident } from '@kubewise/contracts'
import type { Limits, StormState } from './guard.ts'
import { isStorm } from './guards/storm.ts'

/** What the cluster consists of, as far as a storm is judged by it. */
export interface Census {
  /** Keys of the targets that opted in. */
  targets: ReadonlySet<string>
  nodes: number
  illNodes: number
}

/** When a target was ill by an incident of it: the end not included, infinite while it goes on. */
interface Span {
  key: string
  fromMs: number
  untilMs: number
}

/**
 * A symptom of a storm is closed as a part of the storm's incident and stays ill until its own signals have ended; any other
 * symptom has a cause that is known, and stops to count when that is found.
 */
function untilMs({ status, resolvedMs, mergedAs, signals }: Incident): number {
  if (status === 'open') return Infinity
  if (mergedAs?.relation !== 'storm') return resolvedMs ?? Infinity
  return Math.max(...signals.map((signal) => signal.resolvedMs ?? Infinity))
}

const spanOf = (incident: Incident): Span => ({
  key: keyOf(incident.target),
  fromMs: incident.openedMs,
  untilMs: untilMs(incident),
})

/** How many targets were ill from one moment to the next change, in order of time. */
function stepsOf(spans: readonly Span[], windowMs: number): { atMs: number; ill: number }[] {
  const changes = spans
    .flatMap(({ key, fromMs, untilMs: endMs }) =>
      endMs > fromMs
        ? [
            { atMs: fromMs, key, by: 1 },
            { atMs: Math.min(endMs, fromMs + windowMs), key, by: -1 },
          ]
        : [],
    )
    .sort((a, b) => a.atMs - b.atMs || a.by - b.by)
  const counts = new Map<string, number>()
  const steps: { atMs: number; ill: number }[] = []
  for (const { atMs, key, by } of changes) {
    const count = (counts.get(key) ?? 0) + by
    if (count === 0) counts.delete(key)
    else counts.set(key, count)
    if (steps.at(-1)?.atMs === atMs) steps.pop()
    steps.push({ atMs, ill: counts.size })
  }
  return steps
}

/**
 * How much is ill now, and when it last was too much: of targets by the record, of nodes as the caller saw it. Pure, so that
 * planner and executor judge alike.
 *
 * @param incidents those that opened within the storm's window and the thaw after it; older ones change nothing
 */
export function stormStateOf(
  census: Census,
  incidents: readonly Incident[],
  nowMs: number,
  limits: Limits,
  lastNodeStormMs?: number,
): StormState {
  const spans = incidents.map(spanOf).filter(({ key }) => census.targets.has(key))
  const steps = stepsOf(spans, limits.stormWindowMs).filter(({ atMs }) => atMs <= nowMs)
  const state = { targets: census.targets.size, nodes: census.nodes }
  const storms = steps.flatMap(({ atMs, ill }, index) => {
    if (!isStorm({ ...state, illTargets: ill, illNodes: 0 }, limits)) return []
    const endMs = steps[index + 1]?.atMs
    return Math.max(atMs, endMs === undefined ? nowMs : endMs - 1)
  })
  const isNodeStorm = isStorm({ targets: 0, illTargets: 0, nodes: census.nodes, illNodes: census.illNodes }, limits)
  const last = Math.max(...storms, isNodeStorm ? nowMs : (lastNodeStormMs ?? -Infinity))
  return {
    ...state,
    illTargets: steps.at(-1)?.ill ?? 0,
    illNodes: census.illNodes,
    ...(Number.isFinite(last) && { lastStormMs: last }),
  }
}

/** Does it storm, or did it so lately that nothing is changed yet? */
export const isFrozen = (state: StormState, nowMs: number, limits: Limits): boolean =>
  isStorm(state, limits) || (state.lastStormMs !== undefined && nowMs - state.lastStormMs < limits.stormThawMs)
