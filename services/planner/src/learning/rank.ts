import type { Outcome } from '@kubewise/contracts'
import type { LoadedPlaybook } from '@kubewise/playbooks'
import { orderShift, standingOf, type Standing } from './standing.ts'

/** The standing of what a playbook does first; undefined for one that changes nothing. */
export function standingOfPlaybook(
  { steps, cause }: Pick<LoadedPlaybook, 'steps' | 'cause'>,
  workloadKind: string,
  outcomes: readonly Outcome[],
  nowMs: number,
): Standing | undefined {
  const first = steps.find(({ action }) => !action.isPassive)
  return first && standingOf({ cause, action: first.action.name, workloadKind }, outcomes, nowMs)
}

/** Playbooks in the order in which they are asked about one target: their own, moved a little by how they have fared. */
export function ranked(
  playbooks: readonly LoadedPlaybook[],
  workloadKind: string,
  outcomes: readonly Outcome[],
  nowMs: number,
): LoadedPlaybook[] {
  if (outcomes.length === 0) return [...playbooks]
  const places = new Map(
    playbooks.map((playbook) => {
      const standing = standingOfPlaybook(playbook, workloadKind, outcomes, nowMs)
      return [playbook, playbook.order + (standing?.tried ? orderShift(standing) : 0)]
    }),
  )
  return [...playbooks].sort((a, b) => (places.get(a) ?? a.order) - (places.get(b) ?? b.order))
}
