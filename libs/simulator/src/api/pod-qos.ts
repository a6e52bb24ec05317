import type { PodSpec, PodStatus } from '@kubewise/kube'
import { nanosOf } from '../schema/quantity.ts'

const COUNTED = ['cpu', 'memory'] as const

/** The class of service a pod gets from its containers' requests and limits. */
export function qosClassOf(spec: PodSpec): NonNullable<PodStatus['qosClass']> {
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])]
  const amounts = containers.flatMap(({ resources }) =>
    COUNTED.map((name) => {
      const limit = nanosOf(resources?.limits?.[name])
      const request = resources?.requests?.[name]
      return { limit, request: request === undefined ? limit : nanosOf(request) }
    }),
  )
  if (amounts.every(({ limit, request }) => limit === 0n && request === 0n)) return 'BestEffort'
  return amounts.every(({ limit, request }) => limit > 0n && limit === request) ? 'Guaranteed' : 'Burstable'
}
