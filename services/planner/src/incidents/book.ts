import {
  COLLECTIONS,
  idOf,
  incidentId,
  keyOf,
  type AnomalyOpened,
  type AnomalyResolved,
  type Incident,
  type Target,
} from '@kubewise/contracts'
import type { Clock, Crashpoint } from '@kubewise/service'
import type { Query, Store } from '@kubewise/store'
import { mergeInto, rootOf, showSymptom, type Cause, type Merged } from './merge.ts'
import { headOf, persist, replaceIncident, writeHead, type Change } from './persist.ts'
import { hasSignal, openedBy, withAnomaly, withResolution } from './signals.ts'
import { withSymptom } from './symptoms.ts'

export type { Change } from './persist.ts'

/** The incidents of the record. One target has at most one that is open. */
export interface IncidentBook {
  /** Enters an anomaly; repeats and reordering leave no trace. */
  enter(anomaly: AnomalyOpened): Promise<Change>
  /** Ends an anomaly; @returns undefined where no incident has it (yet), which is remembered */
  end(resolution: AnomalyResolved): Promise<Change | undefined>
  /** Compare-and-set until it holds. `change` gives the same object back where nothing is to be changed. */
  change(id: string, change: (incident: Incident) => Incident): Promise<Change | undefined>
  /** Makes an incident a part of its cause's; see `mergeInto`. */
  merge(symptom: string, cause: Cause): Promise<Merged | undefined>
  get(id: string): Promise<Incident | undefined>
  /** All of this cluster that are open. */
  open(): Promise<Incident[]>
  /** All that became a part of these, also through others. */
  mergedInto(roots: readonly string[]): Promise<Incident[]>
  /** Those of a target that opened since, newest first. */
  lately(target: Target, sinceMs: number): Promise<Incident[]>
}

const REMEMBERED_ENDS = 64
// A target's incidents that a late repeat is looked for in; older ones are beyond the stream's age.
const EARLIER_INCIDENTS = 50
const PAGE = 500
// What one query takes.
const MOST_IDS = 200

/** After a cause has ended, its symptoms are given this long to end too before those that go on open anew. */
const SYMPTOM_GRACE_MS = 60_000

/** Does the incident have the anomaly for good? A symptom's that goes on is taken in anew once its cause is over. */
function hasForGood(incident: Incident, anomaly: string): boolean {
  const signal = incident.signals.find((each) => each.anomaly === anomaly)
  return signal !== undefined && (incident.mergedInto === undefined || signal.resolvedMs !== undefined)
}

export function createIncidentBook(
  given: { store: Store; clock: Clock; crashpoint: Crashpoint },
  cluster: string,
): IncidentBook {
  const { store, clock, crashpoint } = given
  const incidents = store.collection(COLLECTIONS.incidents)
  const heads = store.collection(COLLECTIONS.heads)
  const ports = { incidents, heads, clock, crashpoint }

  /** An incident of this target, not its newest, that the anomaly belonged to. */
  async function earlier({ target, id }: AnomalyOpened): Promise<Incident | undefined> {
    const where = {
      'target.cluster': target.cluster,
      'target.namespace': target.namespace,
      'target.kind': target.kind,
      'target.name': target.name,
    }
    const { items } = await incidents.find({ where, orderBy: 'openedMs', direction: 'desc', limit: EARLIER_INCIDENTS })
    return items.find((incident) => hasForGood(incident, id))
  }

  async function insert(anomaly: AnomalyOpened, id: string, endedMs: number | undefined): Promise<Change | 'again'> {
    const incident = openedBy(anomaly, clock.now(), endedMs, id)
    if ((await incidents.insert(incident)) === 'exists') return 'again'
    crashpoint('planner:incident-opened')
    return { incident: { ...incident, version: 1 }, change: 'opened' }
  }

  const isInGrace = ({ resolvedMs = 0 }: Incident) => clock.now() - resolvedMs < SYMPTOM_GRACE_MS

  /** Into a symptom that is closed as a part of its cause, and shown there. */
  async function join(
    symptom: Incident,
    root: Incident,
    anomaly: AnomalyOpened,
    endedMs: number | undefined,
  ): Promise<Change | 'again'> {
    const joined = await replaceIncident(incidents, symptom, withAnomaly(symptom, anomaly, clock.now(), endedMs))
    if (joined === 'again') return 'again'
    crashpoint('planner:symptom-joined')
    // With hundreds of symptoms the cause is long; it is read again only where it has something to learn.
    const { incident, change } = joined
    const isShown = incident.mergedAs && withSymptom(root, incident, incident.mergedAs, 0) === root
    if (isShown) return { incident: root, change: 'none', symptom: incident._id, isTaken: change !== 'none' }
    const shown = (await showSymptom(ports, root._id, symptom._id)) ?? { incident: root, change: 'none' }
    return { ...shown, symptom: symptom._id, isTaken: joined.change !== 'none' }
  }

  async function enter(anomaly: AnomalyOpened): Promise<Change | 'again'> {
    const head = await heads.get(keyOf(anomaly.target))
    const endedMs = head?.endedEarly.find((end) => end.anomaly === anomaly.id)?.resolvedMs
    const current = head?.incident === undefined ? undefined : await incidents.get(head.incident)
    const root = current?.mergedInto === undefined ? undefined : await rootOf(incidents, current)
    if (current && root?.status === 'open') return join(current, root, anomaly, endedMs)
    const isKnown = current !== undefined && hasSignal(current, anomaly.id)
    if (isKnown && (hasForGood(current, anomaly.id) || (root && isInGrace(root))))
      return { incident: current, change: 'none' }
    const known = await earlier(anomaly)
    if (known) return { incident: known, change: 'none' }
    // The planner that claimed the head died, or is about to open it: whoever comes first does.
    if (head?.incident !== undefined && !current) return insert(anomaly, head.incident, endedMs)
    if (current?.status === 'open')
      return replaceIncident(incidents, current, withAnomaly(current, anomaly, clock.now(), endedMs))
    // What opened the symptom may open the next incident too, which is another one.
    const id = isKnown
      ? idOf('incident', keyOf(anomaly.target), anomaly.id, current._id)
      : incidentId(anomaly.target, anomaly.id)
    const claim = { ...headOf(anomaly.target, head, clock.now()), incident: id }
    if (!(await writeHead(heads, head, claim))) return 'again'
    crashpoint('planner:incident-claimed')
    return insert(anomaly, id, endedMs)
  }

  /** Ends it where it is held, and where that is shown. */
  async function endIn(incident: Incident, anomaly: string, resolvedMs: number): Promise<Change | 'again'> {
    const ended = await replaceIncident(incidents, incident, withResolution(incident, anomaly, resolvedMs, clock.now()))
    if (ended === 'again' || incident.mergedInto === undefined) return ended
    crashpoint('planner:symptom-ended')
    const root = await rootOf(incidents, incident)
    const shown = root?.status === 'open' ? await showSymptom(ports, root._id, incident._id) : undefined
    return shown ? { ...shown, symptom: incident._id, isTaken: ended.change !== 'none' } : ended
  }

  async function end({ id, target, resolvedMs }: AnomalyResolved): Promise<Change | undefined | 'again'> {
    const head = await heads.get(keyOf(target))
    const current = head?.incident === undefined ? undefined : await incidents.get(head.incident)
    if (current && hasSignal(current, id)) return endIn(current, id, resolvedMs)
    if (head?.endedEarly.some(({ anomaly }) => anomaly === id)) return undefined
    const next = headOf(target, head, clock.now())
    const endedEarly = [...next.endedEarly, { anomaly: id, resolvedMs }].slice(-REMEMBERED_ENDS)
    await writeHead(heads, head, { ...next, endedEarly })
    // Its beginning may have come in between, from where nobody saw this: look once more.
    return 'again'
  }

  async function findAll(where: NonNullable<Query['where']>): Promise<Incident[]> {
    const all: Incident[] = []
    for (let cursor: string | undefined; ;) {
      const page = await incidents.find({ where, limit: PAGE, ...(cursor !== undefined && { cursor }) })
      all.push(...page.items)
      if (page.cursor === undefined) return all
      cursor = page.cursor
    }
  }

  const change: IncidentBook['change'] = (id, make) =>
    persist(`incident ${id}`, async () => {
      const before = await incidents.get(id)
      return before && replaceIncident(incidents, before, make(before))
    })

  /** The end of an anomaly may have come while it was entered; who enters and who ends each look at what the other wrote. */
  async function endWhatEnded({ id, target }: AnomalyOpened, entered: Change): Promise<Change> {
    const head = entered.change === 'none' ? undefined : await heads.get(keyOf(target))
    const resolvedMs = head?.endedEarly.find(({ anomaly }) => anomaly === id)?.resolvedMs
    if (resolvedMs === undefined) return entered
    const holder = await incidents.get(entered.symptom ?? entered.incident._id)
    const ended = holder && (await persist(`incident ${holder._id}`, () => endIn(holder, id, resolvedMs)))
    return ended ? { ...entered, incident: ended.incident } : entered
  }

  return {
    enter: async (anomaly) =>
      endWhatEnded(anomaly, await persist(`incident of ${keyOf(anomaly.target)}`, () => enter(anomaly))),
    end: (resolution) => persist(`incident of ${keyOf(resolution.target)}`, () => end(resolution)),
    change,
    merge: (symptom, cause) => mergeInto(ports, symptom, cause),
    get: (id) => incidents.get(id),
    open: () => findAll({ status: 'open', cluster }),
    async mergedInto(roots) {
      const all: Incident[] = []
      for (let ids = [...roots]; ids.length > 0;) {
        const found = await findAll({ mergedInto: { in: ids.splice(0, MOST_IDS) } })
        all.push(...found)
        ids.push(...found.filter(({ symptoms = [] }) => symptoms.length > 0).map(({ _id }) => _id))
      }
      return all
    },
    async lately(target, sinceMs) {
      const where = {
        'target.name': target.name,
        'target.namespace': target.namespace,
        'target.kind': target.kind,
        'target.cluster': target.cluster,
        openedMs: { gte: sinceMs },
      }
      return (await incidents.find({ where, orderBy: 'openedMs', direction: 'desc', limit: EARLIER_INCIDENTS })).items
    },
  }
}
