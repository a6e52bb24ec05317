import { idOf, keyOf, type Alert, type AnomalyMessage } from '@kubewise/contracts'
import type { Moment } from './episodes.ts'

const RULE = { name: 'outside-alert', version: 1 } as const
/** Alertmanager repeats what goes on, every four hours unless told otherwise. A day without a word, and it has ended. */
const SILENT_MS = 24 * 3_600_000
const MAX_ALERTS = 1000

interface Entry {
  alert: Alert
  heardMs: number
  /** Of the anomaly; absent once the alert has ended. */
  id?: string
}

export type OutsideAlertsState = [fingerprint: string, Entry][]

/**
 * A team's own alerts as anomalies: one for each alert and start. An alert that has ended is remembered for a day, so that a
 * message that comes late does not open it again. Bounded: past a thousand, the one heard of longest ago is given up.
 */
export class OutsideAlerts {
  /** The one heard of longest ago comes first. */
  readonly #entries = new Map<string, Entry>()

  observe(alert: Alert, moment: Moment): AnomalyMessage[] {
    const { fingerprint, status, startsMs } = alert
    const known = this.#entries.get(fingerprint)
    if (known && startsMs < known.alert.startsMs) return []
    const isSame = known?.alert.startsMs === startsMs
    if (status === 'resolved') {
      this.#put({ alert, heardMs: moment.nowMs })
      return known?.id === undefined
        ? []
        : [resolved(known, known.id, 'Alertmanager says that it is resolved.', moment)]
    }
    if (known && isSame) {
      // What it is about was said as it began; its end may have moved since.
      const { entity, target } = known.alert
      this.#put({ ...known, alert: { ...alert, entity, target }, heardMs: moment.nowMs })
      return []
    }
    const id = idOf('anomaly', keyOf(alert.entity), `${RULE.name}@${RULE.version}`, fingerprint, startsMs)
    const before = known?.id === undefined ? [] : [resolved(known, known.id, 'It began anew.', moment)]
    this.#put({ alert, heardMs: moment.nowMs, id })
    return [...before, opened(alert, id, moment), ...this.#makeRoom(moment)]
  }

  /** Ends by time what Alertmanager does not speak of any more. */
  tick(moment: Moment): AnomalyMessage[] {
    return [...this.#entries].flatMap(([fingerprint, entry]) => {
      const { alert, heardMs, id } = entry
      const isOver = id !== undefined && alert.endsMs !== undefined && alert.endsMs <= moment.nowMs
      const isSilent = moment.nowMs - heardMs >= SILENT_MS
      if (isSilent) this.#entries.delete(fingerprint)
      else if (isOver) this.#entries.set(fingerprint, { alert, heardMs })
      else return []
      const say = isOver ? 'The end that Alertmanager gave has passed.' : 'Alertmanager has not repeated it for a day.'
      return id === undefined ? [] : resolved(entry, id, say, moment)
    })
  }

  state(): OutsideAlertsState {
    return [...this.#entries]
  }

  restore(state: OutsideAlertsState): void {
    this.#entries.clear()
    for (const [fingerprint, entry] of state) this.#entries.set(fingerprint, entry)
  }

  #put(entry: Entry): void {
    this.#entries.delete(entry.alert.fingerprint)
    this.#entries.set(entry.alert.fingerprint, entry)
  }

  #makeRoom(moment: Moment): AnomalyMessage[] {
    const [oldest] = this.#entries
    if (!oldest || this.#entries.size <= MAX_ALERTS) return []
    const [fingerprint, entry] = oldest
    this.#entries.delete(fingerprint)
    return entry.id === undefined
      ? []
      : [resolved(entry, entry.id, 'Too many alerts are open: it was given up.', moment)]
  }
}

function opened(alert: Alert, id: string, { nowMs, seq, partition, epoch }: Moment): AnomalyMessage {
  const { entity, target, name, fingerprint, severity, startsMs } = alert
  return {
    kind: 'anomaly',
    id,
    epoch,
    entity,
    target,
    rule: RULE,
    source: 'alert',
    startedMs: Math.min(startsMs, nowMs),
    detectedMs: nowMs,
    severity,
    // Somebody else's finding: worth as much as an Event.
    score: 6,
    confidence: 0.7,
    say: `Alertmanager sent the alert ${name}.`,
    features: { alert: name, fingerprint },
    partition,
    seq,
  }
}

const resolved = ({ alert: { entity, target } }: Entry, id: string, say: string, { nowMs, epoch }: Moment) =>
  ({ kind: 'anomaly-resolved', id, epoch, entity, target, resolvedMs: nowMs, say }) satisfies AnomalyMessage
