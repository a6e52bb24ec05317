import type { Expectation, Refusal } from '@kubewise/contracts'
import type { LoadedPlaybook } from '@kubewise/playbooks'
import type { ResolvedStep } from '../playbooks/ask.ts'

/** The incident is over. */
export interface Close {
  outcome: 'close'
  code: string
  say: string
}

/** Nothing can be decided now; asked again at the next signal, and every 15 s. */
export interface Wait {
  outcome: 'wait'
  code: string
  say: string
}

/** What becomes a plan: to act, to call a person, or to do nothing for a reason. */
export interface Remedy {
  outcome: 'plan' | 'escalate' | 'no-action'
  code: string
  say: string
  cause: string
  /** Who decided so: a playbook, or the rules of the planner itself. */
  origin: { name: string; hash: string }
  /** Where a model chose it, instead: which one, and the hash of what it was asked. */
  llm?: { model: string; prompt: string }
  steps: readonly ResolvedStep[]
  fallback: readonly ResolvedStep[]
  expect?: Expectation
  /** Facts that it rests on, by path. */
  cites: readonly string[]
  /** It failed again and again lately: a person is to look first. */
  demotion?: Refusal
  /** Playbooks that would have applied, and why they did not. */
  refused: readonly Refusal[]
}

export type Choice = Close | Wait | Remedy

export const refusedBy = (refused: readonly { playbook: LoadedPlaybook; refusal: Refusal }[]): Refusal[] =>
  refused.map(({ playbook, refusal }) => ({ code: refusal.code, say: `${playbook.name}: ${refusal.say}` }))
