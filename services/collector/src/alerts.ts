import type { Bus, Consumption } from '@kubewise/bus'
import {
  CONSUMERS,
  decodeOutsideAlert,
  idOf,
  keyOf,
  PARTITIONS,
  partitionOf,
  subjects,
  type Alert,
  type Control,
  type Entity,
  type OutsideAlert,
  type Target,
} from '@kubewise/contracts'
import type { Clock } from '@kubewise/service'

/** What an alert is about, and by which of its labels it was found; `nothing` where they name no object. */
export interface About {
  entity: Entity
  target: Target
  by: AlertLabel
}

export const ALERT_LABELS = ['workload', 'pod', 'node', 'service', 'nothing'] as const
export type AlertLabel = (typeof ALERT_LABELS)[number]

export interface AlertPorts {
  bus: Bus
  cluster: string
  clock: Clock
  aboutOf(alert: OutsideAlert): About
  onAlert(by: AlertLabel): void
}

/** Firing alerts whose target is remembered, so that their end goes where their beginning went. */
const MAX_REMEMBERED = 10_000

/**
 * Passes a team's own alerts on into the partition of what they are about, where they become signals like all others. An alert
 * keeps the target that it had first, also when its pod is gone by its end. Of an end whose beginning is not remembered (another
 * collector took it) all partitions are told: only the one that has it open does something.
 */
export function forwardAlerts({ bus, cluster, clock, aboutOf, onAlert }: AlertPorts): Consumption {
  const firing = new Map<string, About>()

  function remembered(alert: OutsideAlert): { about: About; isKnown: boolean } {
    const known = firing.get(alert.fingerprint)
    const about = known ?? aboutOf(alert)
    firing.delete(alert.fingerprint)
    if (alert.status === 'firing') firing.set(alert.fingerprint, about)
    if (firing.size > MAX_REMEMBERED) firing.delete(firing.keys().next().value ?? '')
    return { about, isKnown: known !== undefined }
  }

  return bus.consume<OutsideAlert>(CONSUMERS.collectorAlerts, decodeOutsideAlert, async ({ body: outside }) => {
    const { fingerprint, name, status, severity, startsMs, endsMs, receivedMs } = outside
    const { about, isKnown } = remembered(outside)
    onAlert(about.by)
    const { entity, target } = about
    const alert: Alert = {
      fingerprint,
      name,
      status,
      severity,
      startsMs,
      ...(endsMs !== undefined && { endsMs }),
      entity,
      target,
    }
    const isForAll = status === 'resolved' && !isKnown
    const partitions = isForAll ? Array.from({ length: PARTITIONS }, (_, i) => i) : [partitionOf(target)]
    await Promise.all(
      partitions.map((partition) => {
        const control: Control = {
          kind: 'control',
          cluster,
          partition,
          sentMs: clock.now(),
          change: { type: 'alert', alert },
        }
        const id = idOf('alert', fingerprint, status, startsMs, receivedMs, partition, keyOf(target))
        return bus.publish(subjects.control(cluster, partition), control, { id })
      }),
    )
    return { do: 'ack' }
  })
}
