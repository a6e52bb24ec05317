import {
  COLLECTIONS,
  incidentId,
  keyOf,
  type AnomalyOpened,
  type AnomalyResolved,
  type Incident,
  type IncidentHead,
  type IncidentNotice,
  type Target,
} from '@kubewise/contracts'
import type { Clock, Crashpoint } from '@kubewise/service'
import type { Collection, Store } from '@kubewise/store'
import { hasSignal, openedBy, withAnomaly, withResolution } from './signals.ts'

/** What became of an anomaly or of a change: the incident as it is now, and whether that is news. */
export interface Change {
  incident: Incident
  change: IncidentNotice['change'] | 'none'
}

/** The incidents of the record. One target has at most one that is open. */
export interface IncidentBook {
  /** Enters an anomaly; repeats and reordering leave no trace. */
  enter(anomaly: AnomalyOpened): Promise<Change>
  /** Ends an anomaly; @returns undefined where no incident has it (yet), which is remembered */
  end(resolution: AnomalyResolved): Promise<Change | undefined>
  /** Compare-and-set until it holds. `change` gives the same object back where nothing is to be changed. */
  change(id: string, change: (incident: Incident) => Incident): Promise<Change | undefined>
  get(id: string): Promise<Incident | undefined>
  /** All of this cluster that are open. */
  open(): Promise<Incident[]>
}

/** The record did not let a change through; the caller tries again later. */
export class ContentionError extends Error {
  override readonly name = 'ContentionError'
}

const MAX_ROUNDS = 50
const REMEMBERED_ENDS = 64
// A target's incidents that a late repeat is looked for in; older ones are beyond the stream's age.
const EARLIER_INCIDENTS = 50

type Heads = Collection<IncidentHead>
type NewHead = Omit<IncidentHead, 'version'>

/** Writes a head as it was read, or as the first. @returns false where another was faster */
async function writeHead(heads: Heads, before: IncidentHead | undefined, after: NewHead): Promise<boolean> {
  return before
    ? (await heads.replace({ ...after, version: before.version })) === 'replaced'
    : (await heads.insert(after)) === 'inserted'
}

const headOf = (target: Target, before: IncidentHead | undefined, nowMs: number): NewHead => ({
  _id: keyOf(target),
  target,
  ...(before?.incident !== undefined && { incident: before.incident }),
  changedMs: nowMs,
  endedEarly: before?.endedEarly ?? [],
})

/** Repeats `round` until it gives an answer. */
async function persist<T>(what: string, round: () => Promise<T | 'again'>): Promise<T> {
  for (let rounds = 0; rounds < MAX_ROUNDS; rounds++) {
    const answer = await round()
    if (answer !== 'again') return answer
  }
  throw new ContentionError(`${what}: others changed it ${MAX_ROUNDS} times in a row`)
}

export function createIncidentBook(
  ports: { store: Store; clock: Clock; crashpoint: Crashpoint },
  cluster: string,
): IncidentBook {
  const { store, clock, crashpoint } = ports
  const incidents = store.collection(COLLECTIONS.incidents)
  const heads = store.collection(COLLECTIONS.heads)

  async function replace(before: Incident, after: Incident): Promise<Change | 'again'> {
    if (after === before) return { incident: before, change: 'none' }
    if ((await incidents.replace(after)) === 'conflict') return 'again'
    const isOver = before.status === 'open' && after.status === 'resolved'
    return { incident: { ...after, version: before.version + 1 }, change: isOver ? 'resolved' : 'updated' }
  }

  /** An incident of this target, not its newest, that the anomaly belonged to. */
  async function earlier({ target, id }: AnomalyOpened): Promise<Incident | undefined> {
    const where = {
      'target.cluster': target.cluster,
      'target.namespace': target.namespace,
      'target.kind': target.kind,
      'target.name': target.name,
    }
    const { items } = await incidents.find({ where, orderBy: 'openedMs', direction: 'desc', limit: EARLIER_INCIDENTS })
    return items.find((incident) => hasSignal(incident, id))
  }

  async function insert(anomaly: AnomalyOpened, id: string, endedMs: number | undefined): Promise<Change | 'again'> {
    const incident = openedBy(anomaly, clock.now(), endedMs, id)
    if ((await incidents.insert(incident)) === 'exists') return 'again'
    crashpoint('planner:incident-opened')
    return { incident: { ...incident, version: 1 }, change: 'opened' }
  }

  async function enter(anomaly: AnomalyOpened): Promise<Change | 'again'> {
    const head = await heads.get(keyOf(anomaly.target))
    const endedMs = head?.endedEarly.find((end) => end.anomaly === anomaly.id)?.resolvedMs
    const current = head?.incident === undefined ? undefined : await incidents.get(head.incident)
    if (current && hasSignal(current, anomaly.id)) return { incident: current, change: 'none' }
    const known = await earlier(anomaly)
    if (known) return { incident: known, change: 'none' }
    // The planner that claimed the head died, or is about to open it: whoever comes first does.
    if (head?.incident !== undefined && !current) return insert(anomaly, head.incident, endedMs)
    if (current?.status === 'open') return replace(current, withAnomaly(current, anomaly, clock.now(), endedMs))
    const id = incidentId(anomaly.target, anomaly.id)
    const claim = { ...headOf(anomaly.target, head, clock.now()), incident: id }
    if (!(await writeHead(heads, head, claim))) return 'again'
    crashpoint('planner:incident-claimed')
    return insert(anomaly, id, endedMs)
  }

  async function end({ id, target, resolvedMs }: AnomalyResolved): Promise<Change | undefined | 'again'> {
    const head = await heads.get(keyOf(target))
    const current = head?.incident === undefined ? undefined : await incidents.get(head.incident)
    if (current && hasSignal(current, id)) return replace(current, withResolution(current, id, resolvedMs, clock.now()))
    if (head?.endedEarly.some(({ anomaly }) => anomaly === id)) return undefined
    const next = headOf(target, head, clock.now())
    const endedEarly = [...next.endedEarly, { anomaly: id, resolvedMs }].slice(-REMEMBERED_ENDS)
    await writeHead(heads, head, { ...next, endedEarly })
    // Its beginning may have come in between, from where nobody saw this: look once more.
    return 'again'
  }

  const change: IncidentBook['change'] = (id, make) =>
    persist(`incident ${id}`, async () => {
      const before = await incidents.get(id)
      return before && replace(before, make(before))
    })

  /** The end of an anomaly may have come while it was entered; who enters and who ends each look at what the other wrote. */
  async function endWhatEnded({ id, target }: AnomalyOpened, entered: Change): Promise<Change> {
    const head = entered.change === 'none' ? undefined : await heads.get(keyOf(target))
    const resolvedMs = head?.endedEarly.find(({ anomaly }) => anomaly === id)?.resolvedMs
    if (resolvedMs === undefined) return entered
    const ended = await change(entered.incident._id, (incident) =>
      withResolution(incident, id, resolvedMs, clock.now()),
    )
    return ended ? { ...entered, incident: ended.incident } : entered
  }

  return {
    enter: async (anomaly) =>
      endWhatEnded(anomaly, await persist(`incident of ${keyOf(anomaly.target)}`, () => enter(anomaly))),
    end: (resolution) => persist(`incident of ${keyOf(resolution.target)}`, () => end(resolution)),
    change,
    get: (id) => incidents.get(id),
    async open() {
      const all: Incident[] = []
      for (let cursor: string | undefined; ;) {
        const page = await incidents.find({
          where: { status: 'open', cluster },
          limit: 500,
          ...(cursor !== undefined && { cursor }),
        })
        all.push(...page.items)
        if (page.cursor === undefined) return all
        cursor = page.cursor
      }
    },
  }
}
