import type { Facts, Parameters, Refusal } from '@kubewise/contracts'
import { actionNamed } from '../actions/index.ts'
import { BOUNDS } from './bounds.ts'
import { FREEZE } from './freeze.ts'
import type { Deed, Harm } from './harm.ts'
import { REPLACING } from './replacing.ts'
import { ROLLING_BACK } from './rolling-back.ts'

export type { Deed, Harm } from './harm.ts'
export { FREEZE } from './freeze.ts'

/** Every rule, those that freeze everything first. */
export const HARMS: readonly Harm[] = [...FREEZE, ...ROLLING_BACK, ...BOUNDS, ...REPLACING]

const deedOf = (action: string): Deed => (action.split('@')[0] ?? action) as Deed

/**
 * Why an action would harm, or could not help, in the state that the facts tell of; empty where nothing speaks against it. It
 * bounds every plan, whoever thought of it: a playbook, a user's playbook, a model. What only tells people harms nobody; an
 * action that is not in the catalogue is refused.
 *
 * @param action `name@version`
 * @see the failure catalogue: each rule names the failures that teach it
 */
export function harmsOf(action: string, parameters: Parameters, facts: Facts): Refusal[] {
  const spec = actionNamed(action)
  if (!spec) return [{ code: 'action-unknown', say: `There is no action ${action}.` }]
  if (spec.isPassive) return []
  const deed = deedOf(spec.name)
  return HARMS.filter(({ by, when }) => (by === 'all' || by.includes(deed)) && when(facts, parameters)).map(
    ({ code, say }) => ({ code, say }),
  )
}

/** The first of {@link harmsOf}. */
export const harmOf = (action: string, parameters: Parameters, facts: Facts): Refusal | undefined =>
  harmsOf(action, parameters, facts)[0]
