import type { Bus } from '@kubewise/bus'
import { COLLECTIONS, type Anomaly, type AnomalyOpened, type Incident } from '@kubewise/contracts'
import type { Kit } from '@kubewise/service'
import type { Store } from '@kubewise/store'
import type { Decider } from './decider.ts'
import type { Figures } from './figures.ts'
import type { IncidentBook } from './incidents/book.ts'
import { publishIncident } from './incidents/notices.ts'
import type { Intake } from './intake.ts'

export interface SweepPorts extends Pick<Kit, 'log'> {
  bus: Pick<Bus, 'publish'>
  store: Store
  book: IncidentBook
  decider: Decider
  figures: Figures
  intake: Pick<Intake, 'opened'>
  cluster: string
}

const PAGE = 500

function openedOf(anomaly: Anomaly): AnomalyOpened {
  const { _id, version: _version, status: _status, resolvedMs: _resolvedMs, resolution: _resolution, ...rest } = anomaly
  return { kind: 'anomaly', id: _id, epoch: 0, ...rest }
}

/**
 * Goes through all that is open: every incident is decided anew, and every recorded anomaly that no incident has, since it
 * was silenced at its time or its message was lost, is taken in late.
 */
export function createSweep(ports: SweepPorts): () => Promise<void> {
  const { bus, store, book, decider, figures, intake, cluster, log } = ports
  const anomalies = store.collection(COLLECTIONS.anomalies)
  let isFirst = true

  async function takeInLate(known: ReadonlySet<string>): Promise<void> {
    for (let cursor: string | undefined; ;) {
      const where = { status: 'open', 'target.cluster': cluster }
      const page = await anomalies.find({ where, limit: PAGE, ...(cursor !== undefined && { cursor }) })
      for (const anomaly of page.items) if (!known.has(anomaly._id)) await intake.opened(openedOf(anomaly))
      if (page.cursor === undefined) return
      cursor = page.cursor
    }
  }

  /** Who died between writing an incident and telling of it told nobody; a repeat is recognised by its id. */
  async function tellAgain(open: readonly Incident[]): Promise<void> {
    if (!isFirst) return
    for (const incident of open) await publishIncident(bus, incident, 'updated')
    isFirst = false
  }

  return async () => {
    const open = await book.open()
    figures.open.clear()
    for (const { _id } of open) {
      figures.open.add(_id)
      decider.soon(_id)
    }
    await takeInLate(new Set(open.flatMap(({ signals }) => signals.map(({ anomaly }) => anomaly))))
    await tellAgain(open)
    log.debug({ incidents: open.length }, 'swept')
  }
}
