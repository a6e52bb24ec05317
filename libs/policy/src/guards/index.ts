import type { Guard } from '../guard.ts'
import { action } from './action.ts'
import { approval } from './approval.ts'
import { attempts } from './attempts.ts'
import { autoscaler } from './autoscaler.ts'
import { barePod } from './bare-pod.ts'
import { cooldown } from './cooldown.ts'
import { disruptionBudget } from './disruption-budget.ts'
import { expiry } from './expiry.ts'
import { freshness } from './freshness.ts'
import { hourlyBudget } from './hourly-budget.ts'
import { incident } from './incident.ts'
import { integrity } from './integrity.ts'
import { killSwitch } from './kill-switch.ts'
import { mode } from './mode.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { ownership } from './ownership.ts'
import { parallelBudget } from './parallel-budget.ts'
import { paused } from './paused.ts'
import { protectedNamespace } from './protected-namespace.ts'
import { readyShare } from './ready-share.ts'
import { scope } from './scope.ts'
import { stepOrder } from './step-order.ts'
import { storm } from './storm.ts'
import { targetExists } from './target-exists.ts'
import { window } from './window.ts'

/**
 * Every guard, in the order in which their refusals are told: what can never be done first, what only waits after it,
 * the question to a person last (nobody is asked about what would be refused anyway).
 */
export const GUARDS = {
  integrity,
  action,
  'step-order': stepOrder,
  expiry,
  'protected-namespace': protectedNamespace,
  mode,
  'target-exists': targetExists,
  scope,
  incident,
  ownership,
  paused,
  autoscaler,
  'bare-pod': barePod,
  attempts,
  'kill-switch': killSwitch,
  window,
  'one-at-a-time': oneAtATime,
  cooldown,
  'parallel-budget': parallelBudget,
  'hourly-budget': hourlyBudget,
  'ready-share': readyShare,
  'disruption-budget': disruptionBudget,
  storm,
  freshness,
  approval,
} as const satisfies Record<string, Guard>

export type GuardName = keyof typeof GUARDS

/** Refusals that can pass by themselves, by waiting: the plan stays open until it expires. All others end it. */
const PASSING: ReadonlySet<string> = new Set([
  'kill-switch',
  'kill-switch-unreadable',
  'mode-unknown',
  'protected-unknown',
  'target-unknown',
  'permission-unknown',
  'incident-unknown',
  'attempts-unknown',
  'record-unknown',
  'cooldown',
  'target-busy',
  'running-unknown',
  'budget-parallel',
  'budget-parallel-namespace',
  'acted-unknown',
  'budget-hour',
  'budget-hour-namespace',
  'ready-share',
  'pdb-exhausted',
  'storm',
  'storm-unknown',
  'silenced',
  'window',
  'window-unknown',
  'freshness-unknown',
  'clock-skew',
  'metrics-stale',
  'watch-stale',
  'approval-unknown',
  'approval-missing',
  'guard-failed',
])

/** Can a refusal end by waiting, with no new decision? */
export function isPassing(code: string): boolean {
  return PASSING.has(code)
}
