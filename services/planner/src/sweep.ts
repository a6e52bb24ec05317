import type { Bus } from '@kubewise/bus'
import { COLLECTIONS, type Anomaly, type AnomalyOpened, type Incident } from '@kubewise/contracts'
import type { Kit } from '@kubewise/service'
import type { Store } from '@kubewise/store'
import type { Decider } from './decider.ts'
import type { Figures } from './figures.ts'
import type { IncidentBook } from './incidents/book.ts'
import { publishIncident } from './incidents/notices.ts'
import { withoutSymptom } from './incidents/symptoms.ts'
import type { Intake } from './intake.ts'

export interface SweepPorts extends Pick<Kit, 'log' | 'clock'> {
  bus: Pick<Bus, 'publish'>
  store: Store
  book: IncidentBook
  decider: Decider
  figures: Figures
  intake: Pick<Intake, 'opened'>
  cluster: string
}

const PAGE = 500
/** A claim that was not followed by the symptom's end within this long is none. */
const CLAIM_MS = 10 * 60_000
/** Ends that are older were told, or help nobody who looks on. */
const TOLD_AGAIN_MS = 10 * 60_000

const hasSymptoms = ({ symptoms = [] }: Incident) => symptoms.length > 0

function openedOf(anomaly: Anomaly): AnomalyOpened {
  const { _id, version: _version, status: _status, resolvedMs: _resolvedMs, resolution: _resolution, ...rest } = anomaly
  return { kind: 'anomaly', id: _id, epoch: 0, ...rest }
}

/**
 * Goes through all that is open: every incident is decided anew, and every recorded anomaly that no incident has, since it
 * was silenced at its time or its message was lost, is taken in late.
 */
export function createSweep(ports: SweepPorts): () => Promise<void> {
  const { bus, store, book, decider, figures, intake, cluster, log, clock } = ports
  const anomalies = store.collection(COLLECTIONS.anomalies)
  const incidents = store.collection(COLLECTIONS.incidents)
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

  /** Who died between claiming a symptom and closing it may have found another cause for it since. */
  async function dropStaleClaims(open: readonly Incident[]): Promise<void> {
    const byId = new Map(open.map((incident) => [incident._id, incident]))
    for (const root of open)
      for (const { incident, sinceMs } of root.symptoms ?? []) {
        const symptom = byId.get(incident)
        if (symptom && clock.now() - sinceMs > CLAIM_MS)
          await book.change(root._id, (latest) => withoutSymptom(latest, symptom, clock.now()))
      }
  }

  /** Who died between writing an incident and telling of it told nobody; a repeat is recognised by its id. */
  async function tellAgain(open: readonly Incident[]): Promise<void> {
    if (!isFirst) return
    for (const incident of open) await publishIncident(bus, incident, 'updated')
    const where = { cluster, status: 'resolved', resolvedMs: { gte: clock.now() - TOLD_AGAIN_MS } }
    const { items } = await incidents.find({ where, limit: PAGE })
    for (const incident of items) await publishIncident(bus, incident, 'resolved')
    isFirst = false
  }

  return async () => {
    const open = await book.open()
    figures.open.clear()
    for (const { _id } of open) {
      figures.open.add(_id)
      decider.soon(_id)
    }
    const held = [...open, ...(await book.mergedInto(open.filter(hasSymptoms).map(({ _id }) => _id)))]
    await takeInLate(new Set(held.flatMap(({ signals }) => signals.map(({ anomaly }) => anomaly))))
    await dropStaleClaims(open)
    await tellAgain(open)
    log.debug({ incidents: open.length }, 'swept')
  }
}
