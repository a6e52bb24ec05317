import { titleOf, type Facts } from '@kubewise/contracts'
import type { Context } from '../context/context.ts'
import { pass, refuse, type Verdict } from './check.ts'

/** Whoever owns the object would take the change back, and the two would fight. */
export function checkOwnership({ incident }: Context, { target }: Facts): Verdict {
  const title = titleOf(incident.target)
  return target.ownedBy === ''
    ? pass(`Nobody else keeps ${title} as it is.`)
    : refuse('owned-elsewhere', `${title} is managed by ${target.ownedBy}, which would revert the change.`)
}
