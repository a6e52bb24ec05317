import type { Bus, Consumption, Disposition } from '@kubewise/bus'
import {
  COLLECTIONS,
  CONSUMERS,
  decodeAnomalyMessage,
  type AnomalyMessage,
  type AnomalyOpened,
} from '@kubewise/contracts'
import { update, type Store } from '@kubewise/store'

const NOT_OPENED_YET: Disposition = { do: 'retry', afterMs: 500, reason: 'its anomaly is not recorded yet' }

/** Writes anomalies and their ends to the record. Messages of one anomaly may overtake each other; repeats change nothing. */
export function startRecorder(bus: Bus, store: Store): Consumption {
  const anomalies = store.collection(COLLECTIONS.anomalies)
  return bus.consume<AnomalyMessage>(CONSUMERS.recorder, decodeAnomalyMessage, async ({ body }) => {
    if (body.kind === 'anomaly') {
      await anomalies.insert({ _id: body.id, ...withoutEnvelope(body), status: 'open' })
      return { do: 'ack' }
    }
    const { id, resolvedMs, say } = body
    const found = await update(anomalies, id, (anomaly) =>
      anomaly.status === 'resolved'
        ? undefined
        : { ...anomaly, status: 'resolved' as const, resolvedMs, resolution: say },
    )
    return found ? { do: 'ack' } : NOT_OPENED_YET
  })
}

function withoutEnvelope({ kind: _kind, id: _id, epoch: _epoch, ...anomaly }: AnomalyOpened) {
  return anomaly
}
