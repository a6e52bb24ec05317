import { fact } from '../finding.ts'
import { MINUTE, ruleFor, SECOND } from './state-rule.ts'

/** A pod whose init container runs and does not end, most often since it waits for something. One that fails is a crash loop. */
export const initHanging = ruleFor('Pod', {
  name: 'init-hanging',
  version: 1,
  forMs: 5 * MINUTE,
  clearMs: 10 * SECOND,
  look: (pod) => {
    if (pod.phase !== 'Pending' || pod.isTerminating) return undefined
    const isWaiting = pod.containers.some((c) => !c.isInit && c.waiting === 'PodInitializing')
    // A sidecar among them runs on by design: the last one that runs is the one that is waited for.
    const running = pod.containers.findLast((c) => c.isInit && c.runningSinceMs !== undefined)
    return isWaiting && running
      ? fact('warning', `The init container ${running.name} does not end.`, {
          container: running.name,
          revision: pod.revision ?? '',
        })
      : undefined
  },
})
