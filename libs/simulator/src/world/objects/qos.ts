import type { Container, PodSpec } from '@kubewise/kube'
import { amountOf } from './amounts.ts'

const COUNTED = ['cpu', 'memory']

function hasAny(container: Container): boolean {
  const { requests = {}, limits = {} } = container.resources ?? {}
  return COUNTED.some((name) => requests[name] !== undefined || limits[name] !== undefined)
}

function isGuaranteed(container: Container): boolean {
  const { requests = {}, limits = {} } = container.resources ?? {}
  return COUNTED.every(
    (name) =>
      limits[name] !== undefined &&
      (requests[name] === undefined || amountOf(requests[name]) === amountOf(limits[name])),
  )
}

/** Who goes first when a node runs out of memory. */
export function qosClassOf(spec: PodSpec): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const containers = [...spec.containers, ...(spec.initContainers ?? [])]
  if (!containers.some(hasAny)) return 'BestEffort'
  return containers.every(isGuaranteed) ? 'Guaranteed' : 'Burstable'
}
