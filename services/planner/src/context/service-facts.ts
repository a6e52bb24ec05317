import { QUIET, type Facts } from '@kubewise/contracts'
import { serviceAvailability, timeMs, type Pod, type Service, type ServiceRef } from '@kubewise/kube'
import { templateOf, type Context } from './context.ts'
import { isMeasured } from './limit-facts.ts'
import { alertFacts } from './outside-facts.ts'
import { isSelected } from './selector.ts'
import { writersOf } from './written-by.ts'

const HOUR_MS = 3_600_000
/** Of the Services before the target's pods, so many are looked at. */
const MOST_SERVICES = 4

const selects = ({ spec }: Service, labels: Readonly<Record<string, string>> = {}) => {
  const selector = Object.entries(spec?.selector ?? {})
  return selector.length > 0 && selector.every(([key, value]) => labels[key] === value)
}

const refOf = ({ metadata }: Service): ServiceRef => ({
  namespace: metadata?.namespace ?? '',
  name: metadata?.name ?? '',
})

/** The Services whose selector finds the target's pods; of an incident on a Service, that one. */
export function ownServices(context: Pick<Context, 'target' | 'services' | 'incident'>): readonly Service[] {
  const { target, services, incident } = context
  if (target?.kind === 'Service') return [target]
  const labels = templateOf({ target })?.metadata?.labels
  if (!labels) return []
  return services
    .filter((service) => service.metadata?.namespace === incident.target.namespace && selects(service, labels))
    .slice(0, MOST_SERVICES)
}

export const ownServiceRefs = (context: Parameters<typeof ownServices>[0]): ServiceRef[] =>
  ownServices(context).map(refOf)

/** Does each target port mean a port that the containers declare? Containers need not declare any; then nothing is said. */
function isPortFitting({ spec }: Service, pods: readonly Pod[]): boolean {
  const declared = pods.flatMap((pod) => pod.spec?.containers ?? []).flatMap(({ ports = [] }) => ports)
  if (declared.length === 0) return true
  return (spec?.ports ?? []).every(({ port, targetPort = port }) =>
    declared.some(({ name, containerPort }) => targetPort === containerPort || targetPort === name),
  )
}

/** By state: selector, EndpointSlices and declared ports; who changed it by managed fields. */
export function serviceFacts(context: Context): Facts['service'] {
  const found = ownServices(context).map((service) => {
    const isTarget = context.target?.kind === 'Service'
    const pods = isTarget
      ? context.servicePods
      : context.pods.filter(({ metadata }) => selects(service, metadata?.labels))
    const { readyEndpoints } = serviceAvailability(refOf(service), service, context.endpointSlices)
    const [writer] = [
      ['spec', 'selector'],
      ['spec', 'ports'],
    ]
      .flatMap((path) => writersOf(service, path))
      .sort((a, b) => (b.atMs ?? 0) - (a.atMs ?? 0))
    return {
      exists: true,
      name: service.metadata?.name ?? '',
      hasSelector: Object.keys(service.spec?.selector ?? {}).length > 0,
      selected: pods.length,
      readyEndpoints,
      portFits: isPortFitting(service, pods),
      changedBy: writer?.manager ?? '',
      changedSeconds: writer?.atMs === undefined ? 0 : Math.max(0, (context.nowMs - writer.atMs) / 1000),
    }
  })
  return found.find(({ readyEndpoints, portFits }) => readyEndpoints === 0 || !portFits) ?? found[0] ?? QUIET.service
}

/** Names that stand for the cluster's own name service failing. */
const DNS = /dns/i

/** DNS by metrics and outside alerts; policies by state: those that take the target's pods and came or changed lately. */
export function networkFacts(context: Context): Facts['network'] {
  const { networkPolicies, nowMs } = context
  const labels = templateOf(context)?.metadata?.labels ?? {}
  const isNew = (since: string | undefined) => nowMs - (timeMs(since) ?? 0) <= HOUR_MS
  return {
    dnsFailing: isMeasured(context, DNS) || alertFacts(context).some(({ name }) => DNS.test(name)),
    newPolicies: networkPolicies
      .filter(({ spec }) => isSelected(spec?.podSelector ?? {}, labels))
      .filter((policy) => {
        const writes = writersOf(policy, ['spec']).flatMap(({ atMs }) => atMs ?? [])
        return isNew(policy.metadata?.creationTimestamp) || writes.some((atMs) => nowMs - atMs <= HOUR_MS)
      })
      .flatMap(({ metadata }) => metadata?.name ?? []),
  }
}
