import type { Bus, Disposition } from '@kubewise/bus'
import {
  SETTLED,
  type AnomalyMessage,
  type AnomalyOpened,
  type AnomalyResolved,
  type ExecutionNotice,
} from '@kubewise/contracts'
import type { Kit } from '@kubewise/service'
import type { EvidenceBook } from './context/evidence.ts'
import type { Decider } from './decider.ts'
import type { Figures } from './figures.ts'
import type { Change, IncidentBook } from './incidents/book.ts'
import { publishIncident } from './incidents/notices.ts'
import type { Muting } from './incidents/muting.ts'
import type { Outcomes } from './learning/outcomes.ts'

export interface IntakePorts extends Pick<Kit, 'log'> {
  bus: Pick<Bus, 'publish'>
  book: IncidentBook
  muting: Pick<Muting, 'covering'>
  evidence: EvidenceBook
  decider: Decider
  figures: Figures
  outcomes: Pick<Outcomes, 'record'>
}

const ACK: Disposition = { do: 'ack' }

/** What comes from outside and makes incidents or changes them. Each is harmless when it comes twice, late or out of order. */
export interface Intake {
  anomaly(message: AnomalyMessage): Promise<Disposition>
  execution(notice: ExecutionNotice): Promise<Disposition>
  /** @returns whether an incident that is open has it now */
  opened(anomaly: AnomalyOpened): Promise<boolean>
}

export function createIntake({ bus, book, muting, evidence, decider, figures, outcomes, log }: IntakePorts): Intake {
  async function settle({ incident, change, symptom }: Change): Promise<boolean> {
    if (change === 'opened') figures.open.add(incident._id)
    // Also where nothing is new: whoever took it in first may have died before it decided. Of a symptom's cause the sweep takes care.
    if (incident.status === 'open' && (change !== 'none' || symptom === undefined)) decider.soon(incident._id)
    if (change !== 'none') await publishIncident(bus, incident, change)
    return incident.status === 'open'
  }

  async function opened(anomaly: AnomalyOpened): Promise<boolean> {
    evidence.learn(anomaly)
    const silence = await muting.covering(anomaly)
    if (silence) {
      figures.anomalies.inc({ outcome: 'silenced' })
      log.debug({ anomaly: anomaly.id, ...silence }, 'silenced')
      return false
    }
    const change = await book.enter(anomaly)
    const outcome = ({ opened: 'opened', updated: 'joined', resolved: 'joined', none: 'repeated' } as const)[
      change.change
    ]
    figures.anomalies.inc({ outcome: change.isTaken && outcome === 'repeated' ? 'joined' : outcome })
    if (change.change === 'opened')
      log.info({ incident: change.incident._id, rule: anomaly.rule.name, say: anomaly.say }, 'opened')
    return settle(change)
  }

  async function ended(resolution: AnomalyResolved): Promise<void> {
    const change = await book.end(resolution)
    figures.anomalies.inc({ outcome: change && (change.isTaken || change.change !== 'none') ? 'ended' : 'repeated' })
    if (change) await settle(change)
  }

  return {
    opened,
    async anomaly(message) {
      await (message.kind === 'anomaly' ? opened(message) : ended(message))
      return ACK
    },
    async execution({ execution }) {
      if (!SETTLED.includes(execution.status)) return ACK
      await outcomes.record(execution)
      decider.soon(execution.incident)
      return ACK
    },
  }
}
