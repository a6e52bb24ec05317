import { idOf, keyOf, titleOf, type Incident, type Relation, type Target } from '@kubewise/contracts'
import type { Clock, Crashpoint } from '@kubewise/service'
import { isWholeCluster } from '../correlation/root-causes.ts'
import { headOf, persist, replaceIncident, writeHead, type Change, type Heads, type Incidents } from './persist.ts'
import type { NewIncident } from './signals.ts'
import { MAX_SYMPTOMS, withoutSymptom, withSymptom } from './symptoms.ts'

/** Where the cause of an incident lies, and how it hangs on it. */
export interface Cause {
  root: Target
  relation: Relation
  /** The evidence, in one sentence. */
  say: string
}

export interface Merged {
  /** The symptom's incident, closed. */
  symptom: Change
  /** The cause's, which stands for both. */
  root: Change
}

/** Causes hang on causes: a node takes a database down, the database a shop. */
const LONGEST_CHAIN = 16

export interface MergePorts {
  incidents: Incidents
  heads: Heads
  clock: Clock
  crashpoint: Crashpoint
}

/** The incident that stands for this one in the end, whatever its state; itself where it was not merged. */
export async function rootOf(incidents: Incidents, incident: Incident): Promise<Incident | undefined> {
  let root: Incident | undefined = incident
  for (let steps = 0; root?.mergedInto !== undefined && steps < LONGEST_CHAIN; steps++)
    root = await incidents.get(root.mergedInto)
  return root
}

/** Brings what the cause shows of a symptom up to date. Whoever changed the symptom does so; repeats leave no trace. */
export function showSymptom(
  { incidents, clock }: Pick<MergePorts, 'incidents' | 'clock'>,
  rootId: string,
  symptomId: string,
): Promise<Change | undefined> {
  return persist(`incident ${rootId}`, async () => {
    // The symptom is read after its cause: who wrote the symptom later sees a later version of the cause.
    const root = await incidents.get(rootId)
    const symptom = await incidents.get(symptomId)
    if (!root) return undefined
    if (root.status !== 'open' || !symptom?.mergedAs) return { incident: root, change: 'none' }
    const isFull = (root.symptoms ?? []).length >= MAX_SYMPTOMS
    const isListed = root.symptoms?.some(({ incident }) => incident === symptomId)
    const count = isFull && !isListed ? await incidents.count({ mergedInto: rootId }) : undefined
    return replaceIncident(incidents, root, withSymptom(root, symptom, symptom.mergedAs, clock.now(), count))
  })
}

/**
 * Does one incident hang on another by claims, however many lie between? An incident with more symptoms than are listed
 * could, so it counts as one that does; only the whole cluster has none above it.
 */
async function isBelow(incidents: Incidents, rootId: string, top: Incident): Promise<boolean> {
  const seen = new Set<string>()
  const waiting = [top]
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (next.symptomCount !== undefined) return true
    for (const { incident } of next.symptoms ?? []) {
      if (incident === rootId) return true
      if (seen.has(incident)) continue
      seen.add(incident)
      const found = await incidents.get(incident)
      if (found) waiting.push(found)
    }
  }
  return false
}

/** The open incident of a root, opened on its behalf where it has none: known by whose cause it is first. */
async function openRoot(ports: MergePorts, target: Target, symptom: Incident): Promise<Change | 'again'> {
  const { incidents, heads, clock, crashpoint } = ports
  const head = await heads.get(keyOf(target))
  const current = head?.incident === undefined ? undefined : await incidents.get(head.incident)
  const root = current && (await rootOf(incidents, current))
  if (root?.status === 'open') return { incident: root, change: 'none' }
  const isClaimed = head?.incident !== undefined && !current
  const id = isClaimed ? head.incident! : idOf('incident', keyOf(target), symptom._id, current?._id ?? '')
  if (!isClaimed) {
    if (!(await writeHead(heads, head, { ...headOf(target, head, clock.now()), incident: id }))) return 'again'
    crashpoint('planner:root-claimed')
  }
  const opened: NewIncident = {
    _id: id,
    cluster: target.cluster,
    target,
    status: 'open',
    openedMs: symptom.openedMs,
    updatedMs: clock.now(),
    severity: symptom.severity,
    say: `${titleOf(target)} is the cause of what is seen elsewhere.`,
    signals: [],
    plans: [],
    attempts: 0,
  }
  if ((await incidents.insert(opened)) === 'exists') return 'again'
  crashpoint('planner:root-opened')
  return { incident: { ...opened, version: 1 }, change: 'opened' }
}

/**
 * Makes an incident a part of another: first the cause claims it as its symptom, then it is closed, by compare-and-set on what
 * was looked at in between. Two that would each hang on the other see each other's claim: whoever claims last sees the whole
 * circle, and refuses. Everything can be done again from any place.
 *
 * @returns undefined where it is not merged: it is over, is the cause itself, or the cause hangs on it
 */
export async function mergeInto(
  ports: MergePorts,
  symptomId: string,
  { root: target, relation, say }: Cause,
): Promise<Merged | undefined> {
  const { incidents, clock, crashpoint } = ports
  let isRootNew = false

  async function round(): Promise<Merged | undefined | 'again'> {
    const symptom = await incidents.get(symptomId)
    if (symptom?.status !== 'open') return undefined
    const root = await openRoot(ports, target, symptom)
    if (root === 'again') return 'again'
    isRootNew ||= root.change === 'opened'
    if (root.incident._id === symptomId) return undefined
    const bond = { relation, say, sinceMs: clock.now() }
    const claimed = await replaceIncident(
      incidents,
      root.incident,
      withSymptom(root.incident, symptom, bond, clock.now()),
    )
    if (claimed === 'again') return 'again'
    crashpoint('planner:symptom-claimed')
    const latest = await incidents.get(symptomId)
    if (latest?.status !== 'open') return 'again'
    const isTop = isWholeCluster(target)
    if (!isTop && (await isBelow(incidents, claimed.incident._id, latest))) return withdraw(latest, claimed.incident)
    return close(latest, claimed, bond)
  }

  async function withdraw(symptom: Incident, root: Incident): Promise<undefined> {
    await persist(`incident ${root._id}`, async () => {
      const latest = await incidents.get(root._id)
      return latest && replaceIncident(incidents, latest, withoutSymptom(latest, symptom, clock.now()))
    })
    return undefined
  }

  async function close(symptom: Incident, claimed: Change, bond: NonNullable<Incident['mergedAs']>) {
    const rootId = claimed.incident._id
    const known = claimed.incident.symptoms?.find(({ incident }) => incident === symptomId)
    const nowMs = clock.now()
    const closed = await replaceIncident(incidents, symptom, {
      ...symptom,
      status: 'resolved',
      resolvedMs: nowMs,
      updatedMs: nowMs,
      mergedInto: rootId,
      mergedAs: { ...bond, ...(known && { sinceMs: known.sinceMs }) },
      resolution: { code: 'merged', say: bond.say },
    })
    if (closed === 'again') return 'again' as const
    crashpoint('planner:incident-merged')
    let root = (await showSymptom(ports, rootId, symptomId)) ?? claimed
    for (const { incident } of symptom.symptoms ?? []) root = (await showSymptom(ports, rootId, incident)) ?? root
    return { symptom: closed, root: { ...root, change: isRootNew ? ('opened' as const) : ('updated' as const) } }
  }

  return persist(`incident ${symptomId}`, round)
}
