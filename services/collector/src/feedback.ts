import type { Bus, Consumption } from '@kubewise/bus'
import {
  CONSUMERS,
  decodeFeedback,
  idOf,
  partitionOf,
  subjects,
  type Control,
  type Feedback,
} from '@kubewise/contracts'
import type { Clock } from '@kubewise/service'

/** Passes people's words on an anomaly into its target's partition, so that a replay meets them in the same order. */
export function forwardFeedback(bus: Bus, cluster: string, clock: Clock): Consumption {
  return bus.consume<Feedback>(CONSUMERS.collectorFeedback, decodeFeedback, async ({ body: feedback }) => {
    const partition = partitionOf(feedback.target)
    const control: Control = {
      kind: 'control',
      cluster,
      partition,
      sentMs: clock.now(),
      change: { type: 'feedback', feedback },
    }
    await bus.publish(subjects.control(cluster, partition), control, {
      id: idOf('feedback', feedback._id, feedback.version),
    })
    return { do: 'ack' }
  })
}
