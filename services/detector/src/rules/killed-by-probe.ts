import { fact } from '../finding.ts'
import { MINUTE, ruleFor } from './state-rule.ts'

/** A death this long ago is no news. */
const NEWS_MS = 10 * MINUTE
/** SIGKILL and SIGTERM, by which the kubelet ends a container. */
const ENDED_BY_SIGNAL = new Set([137, 143])

/**
 * A container that the kubelet ended because a probe failed. Neither sign is enough: the exit code is also that of a death for
 * memory, and a probe fails for many reasons. Together, with the kubelet's Killing on a pod that stays, they tell it.
 */
export const killedByProbe = ruleFor('Pod', {
  name: 'killed-by-probe',
  version: 1,
  forMs: 0,
  clearMs: MINUTE,
  look: (pod, memory, nowMs) => {
    if (pod.isTerminating || !memory.events['probe-failed'] || !memory.events['noted:Killing']) return undefined
    const isIt = (death: (typeof pod.containers)[number]['terminated']): boolean =>
      death !== undefined &&
      death.reason !== 'OOMKilled' &&
      ENDED_BY_SIGNAL.has(death.exitCode) &&
      nowMs - (death.finishedMs ?? 0) < NEWS_MS
    const container = pod.containers.find((c) => isIt(c.terminated) || isIt(c.lastTerminated))
    if (!container) return undefined
    return fact('critical', `Container ${container.name} is killed because its probe fails.`, {
      container: container.name,
      restarts: container.restarts,
      exitCode: (container.terminated ?? container.lastTerminated)?.exitCode ?? 0,
      revision: pod.revision ?? '',
    })
  },
})
