import type { Metrics } from '@kubewise/service'

/** What can go wrong in a list-and-watch; each is counted, survived and, where it matters, logged. */
const FAULTS = ['request', 'gone', 'frame', 'idle', 'closed', 'order', 'drift', 'observer'] as const
type Fault = (typeof FAULTS)[number]

export interface ReflectorCounters {
  event(resource: string, type: string): void
  fault(resource: string, fault: Fault): void
  confirmed(resource: string, nowMs: number): void
}

export function createReflectorCounters(metrics: Metrics | undefined): ReflectorCounters {
  const events = metrics?.counter('kubewise_kube_watch_events_total', 'What watches delivered, by resource and type.', {
    resource: [],
    type: [],
  })
  const faults = metrics?.counter('kubewise_kube_watch_faults_total', 'Interruptions of watches that were survived.', {
    resource: [],
    fault: [],
  })
  const confirmed = metrics?.gauge(
    'kubewise_kube_watch_confirmed_timestamp_seconds',
    'When the server last proved that the view of a resource is current.',
    { resource: [] },
  )
  return {
    event: (resource, type) => events?.inc({ resource, type }),
    fault: (resource, fault) => faults?.inc({ resource, fault }),
    confirmed: (resource, nowMs) => confirmed?.set({ resource }, nowMs / 1000),
  }
}
