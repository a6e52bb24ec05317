import { fact } from '../finding.ts'
import { ruleFor, SECOND } from './state-rule.ts'

/**
 * A container that has died at least twice. The kubelet restarts it at once after the first death and calls it
 * CrashLoopBackOff from the second on. A minute of running ends it: back-offs between deaths are longer than that only late.
 */
export const crashLoop = ruleFor('Pod', {
  name: 'crash-loop',
  version: 1,
  forMs: 0,
  clearMs: 60 * SECOND,
  look: (pod) => {
    if (pod.isTerminating) return undefined
    const container = pod.containers.find(
      (c) =>
        c.waiting === 'CrashLoopBackOff' ||
        (c.restarts >= 1 && c.terminated !== undefined && c.terminated.exitCode !== 0),
    )
    if (!container) return undefined
    const death = container.terminated ?? container.lastTerminated
    return fact('critical', `Container ${container.name} keeps dying (${container.restarts} restarts).`, {
      container: container.name,
      restarts: container.restarts,
      exitCode: death?.exitCode ?? 0,
      exitReason: death?.reason ?? '',
      revision: pod.revision ?? '',
    })
  },
})
