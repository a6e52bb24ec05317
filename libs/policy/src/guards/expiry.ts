import type { Guard } from '../guard.ts'

/** Refuses a plan that is too old: what it was decided upon may not be true any more. */
export const expiry: Guard = ({ plan, nowMs }) =>
  nowMs < plan.notAfterMs
    ? undefined
    : {
        code: 'plan-expired',
        say: `The plan was not to be carried out after ${new Date(plan.notAfterMs).toISOString()}.`,
      }
