import { fact } from '../finding.ts'
import { ruleFor, SECOND } from './state-rule.ts'

/** ErrImagePull alone is the first try; the kubelet says ImagePullBackOff once a try has failed and it waits for the next. */
const REASONS = new Set(['ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull', 'ImageInspectError'])

export const imagePull = ruleFor('Pod', {
  name: 'image-pull',
  version: 1,
  forMs: 0,
  clearMs: 20 * SECOND,
  look: (pod) => {
    if (pod.isTerminating) return undefined
    const container = pod.containers.find((c) => c.waiting !== undefined && REASONS.has(c.waiting))
    return (
      container &&
      fact('critical', `Container ${container.name} cannot get its image (${container.waiting}).`, {
        container: container.name,
        waiting: container.waiting ?? '',
        revision: pod.revision ?? '',
      })
    )
  },
})
