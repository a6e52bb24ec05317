import { fact } from '../finding.ts'
import { ruleFor, SECOND } from './state-rule.ts'

const REASONS = new Set(['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError'])

/** A container that cannot be made from its template: a ConfigMap, Secret, key or command that is not there. */
export const containerConfig = ruleFor('Pod', {
  name: 'container-config',
  version: 1,
  forMs: 0,
  clearMs: 20 * SECOND,
  look: (pod) => {
    if (pod.isTerminating) return undefined
    const container = pod.containers.find((c) => c.waiting !== undefined && REASONS.has(c.waiting))
    return (
      container &&
      fact('critical', `Container ${container.name} cannot be started from its template (${container.waiting}).`, {
        container: container.name,
        waiting: container.waiting ?? '',
        revision: pod.revision ?? '',
      })
    )
  },
})
