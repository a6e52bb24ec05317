import { fact } from '../finding.ts'
import { ruleFor, SECOND } from './state-rule.ts'

/** A container that waits for a reason which only a change ends. */
const waitingFor = (name: string, reasons: readonly string[], what: string) =>
  ruleFor('Pod', {
    name,
    version: 1,
    forMs: 0,
    clearMs: 20 * SECOND,
    look: (pod) => {
      if (pod.isTerminating) return undefined
      const container = pod.containers.find(({ waiting }) => waiting !== undefined && reasons.includes(waiting))
      if (!container) return undefined
      const { waiting = '' } = container
      const features = { container: container.name, waiting, revision: pod.revision ?? '' }
      return fact('critical', `Container ${container.name} ${what} (${waiting}).`, features)
    },
  })

export const PULL_REASONS = ['ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull', 'ImageInspectError'] as const
export const CREATE_REASONS = ['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError'] as const

/** ErrImagePull alone is the first try; the kubelet says ImagePullBackOff once a try has failed and it waits for the next. */
export const imagePull = waitingFor('image-pull', PULL_REASONS, 'cannot get its image')

/** A container that cannot be made from its template: a ConfigMap, Secret, key or command that is not there. */
export const containerConfig = waitingFor('container-config', CREATE_REASONS, 'cannot be started from its template')
