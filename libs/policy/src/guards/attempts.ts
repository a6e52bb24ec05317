import type { Guard } from '../guard.ts'

/** Refuses one more attempt at an incident that was tried often enough: now a person is due. */
export const attempts: Guard = ({ attempts, limits }) => {
  if (!attempts.isKnown)
    return { code: 'attempts-unknown', say: `How often this was tried cannot be read: ${attempts.why}` }
  return attempts.value < limits.maxAttemptsPerIncident
    ? undefined
    : {
        code: 'attempts-exhausted',
        say: `This incident was tried ${attempts.value} times without success; a person is needed.`,
      }
}
