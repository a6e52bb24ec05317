import { fact } from '../finding.ts'
import { MINUTE, ruleFor, SECOND } from './state-rule.ts'

/** A quota in whose name wanted pods are refused. One that is used up and refuses nobody is no failure. */
export const quotaExhausted = ruleFor('Quota', {
  name: 'quota-exhausted',
  version: 1,
  forMs: 30 * SECOND,
  clearMs: MINUTE,
  look: ({ resources, refused = [] }) => {
    const [workload] = refused
    if (workload === undefined) return undefined
    const shares = resources.map((one) => ({ ...one, share: one.hard > 0 ? one.used / one.hard : 1 }))
    const fullest = shares.reduce<(typeof shares)[number] | undefined>(
      (most, one) => (most && most.share >= one.share ? most : one),
      undefined,
    )
    return fact('critical', `The quota refuses pods of ${workload}.`, {
      workload,
      workloads: refused.length,
      resource: fullest?.name ?? '',
      used: fullest?.used ?? 0,
      hard: fullest?.hard ?? 0,
    })
  },
})
