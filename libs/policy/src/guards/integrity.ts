import { planHash } from '@kubewise/contracts'
import type { Guard } from '../guard.ts'

/** Refuses a plan whose hash is not its own: it is not what was decided or approved. */
export const integrity: Guard = ({ plan }) => {
  const { hash, _id, version: _version, ...body } = plan
  return planHash(body) === hash
    ? undefined
    : { code: 'plan-altered', say: `Plan ${_id} is not what its hash says; it was changed after it was made.` }
}
