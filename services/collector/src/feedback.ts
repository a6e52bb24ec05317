import type { Bus, Consumption } from '@kubewise/bus'
import { CONSUMERS, decodeFeedback, idOf, PARTITIONS, subjects, type Control, type Feedback } from '@kubewise/contracts'
import type { Clock } from '@kubewise/service'

/**
 * Passes people's words on an anomaly into every partition, so that a replay meets them in the same order: what is said of one alert
 * is said of those like it, whichever workload they are about.
 */
export function forwardFeedback(bus: Bus, cluster: string, clock: Clock): Consumption {
  return bus.consume<Feedback>(CONSUMERS.collectorFeedback, decodeFeedback, async ({ body: feedback }) => {
    const sentMs = clock.now()
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const control: Control = { kind: 'control', cluster, partition, sentMs, change: { type: 'feedback', feedback } }
      await bus.publish(subjects.control(cluster, partition), control, {
        id: idOf('feedback', feedback._id, feedback.version, partition),
      })
    }
    return { do: 'ack' }
  })
}
