import { idOf, subjects } from '@kubewise/contracts'
import { AlertmanagerBody, LEFT, readAlerts } from '../alertmanager.ts'
import { badRequest } from '../problem.ts'
import { changing, type Route } from '../route.ts'

const take = changing({
  method: 'post',
  paths: ['/api/v1/alertmanager'],
  summary: "Takes what Alertmanager's webhook sends: a team's own alerts become signals on what their labels name.",
  role: 'operator',
  body: AlertmanagerBody,
  async answer(body, _who, { bus, clock, config, metrics }) {
    const cluster = config.KUBEWISE_CLUSTER
    const { alerts, left, mistakes } = readAlerts(cluster, body, clock.now())
    if (mistakes.length > 0) throw badRequest(mistakes)
    const counted = metrics.counter('kubewise_alertmanager_alerts_total', 'Alerts that Alertmanager sent.', {
      outcome: ['taken', ...LEFT],
    })
    // A repeat within the stream's window is recognised by its id: Alertmanagers that stand by each other all send.
    await Promise.all(
      alerts.map((alert) =>
        bus.publish(subjects.alert(cluster), alert, {
          id: idOf('alert', alert.fingerprint, alert.status, alert.startsMs),
        }),
      ),
    )
    counted.inc({ outcome: 'taken' }, alerts.length)
    for (const why of LEFT) counted.inc({ outcome: why }, left[why])
    return { taken: alerts.length, left }
  },
})

export const alertRoutes: readonly Route[] = [take]
