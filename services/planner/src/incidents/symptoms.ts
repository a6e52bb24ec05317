import type { Incident, IncidentSignal, Symptom } from '@kubewise/contracts'
import { MAX_SIGNALS, summary } from './signals.ts'

/** How one incident hangs on another. */
export type Bond = Pick<Symptom, 'relation' | 'say' | 'sinceMs'>

/** More than these are counted and not named; see the incident's `symptomCount`. */
export const MAX_SYMPTOMS = 200
/** Of so many symptoms the cause shows signals, and of each so many: enough to see what it does. */
const SHOWN_SYMPTOMS = 32
const SHOWN_SIGNALS = 2

/** What the cause shows of a symptom: the first of its signals that go on, else the one that ended last. */
function shownOf({ target, signals }: Incident): IncidentSignal[] {
  const own = signals.filter((signal) => signal.target === undefined)
  const open = own.filter(({ resolvedMs }) => resolvedMs === undefined)
  const last = [...own].sort((a, b) => (b.resolvedMs ?? 0) - (a.resolvedMs ?? 0)).slice(0, 1)
  return (open.length > 0 ? open.slice(0, SHOWN_SIGNALS) : last).map((signal) => ({ ...signal, target }))
}

const isOf = ({ target }: IncidentSignal, { target: of }: Pick<Incident, 'target'>) =>
  target !== undefined && target.kind === of.kind && target.namespace === of.namespace && target.name === of.name

const sameSignals = (a: readonly IncidentSignal[], b: readonly IncidentSignal[]) =>
  a.length === b.length &&
  a.every(({ anomaly, resolvedMs }, index) => anomaly === b[index]?.anomaly && resolvedMs === b[index].resolvedMs)

/**
 * The cause with this symptom as it is now: what it shows of it follows from the symptom alone, so that whoever writes it
 * last, however often, writes the same.
 *
 * @param count how many symptoms there are, where the list is full
 * @returns the same object where nothing changes
 */
export function withSymptom(root: Incident, symptom: Incident, bond: Bond, nowMs: number, count?: number): Incident {
  const listed = root.symptoms ?? []
  const known = listed.findIndex(({ incident }) => incident === symptom._id)
  const hasRoom = listed.length < MAX_SYMPTOMS
  const entry: Symptom = { incident: symptom._id, target: symptom.target, ...bond }
  const symptoms = known === -1 && hasRoom ? [...listed, entry] : listed
  const isShown = symptoms.findIndex(({ incident }) => incident === symptom._id) < SHOWN_SYMPTOMS
  const before = root.signals.filter((signal) => isOf(signal, symptom))
  const after = isShown && (known !== -1 || hasRoom) ? shownOf(symptom) : before
  const symptomCount =
    known === -1 && !hasRoom ? Math.max(count ?? root.symptomCount ?? 0, listed.length + 1) : root.symptomCount
  if (symptoms === listed && sameSignals(before, after) && symptomCount === root.symptomCount) return root
  return withSignals({ ...root, symptoms, ...(symptomCount !== undefined && { symptomCount }) }, symptom, after, nowMs)
}

/** The cause with other signals of one symptom. What it says of itself changes only where it has no signals of its own. */
function withSignals(root: Incident, symptom: Pick<Incident, 'target'>, shown: IncidentSignal[], nowMs: number) {
  const others = root.signals.filter((signal) => !isOf(signal, symptom))
  const signals = [...others, ...shown].slice(0, MAX_SIGNALS)
  const hasOwn = others.some(({ target }) => target === undefined)
  const told = summary(signals)
  const opened = hasOwn ? told.openedMs : Math.min(root.openedMs, told.openedMs || root.openedMs)
  return { ...root, ...told, ...(!hasOwn && { say: root.say }), openedMs: opened, updatedMs: nowMs }
}

/** @returns the cause without that symptom, or the same object where it has none such */
export function withoutSymptom(root: Incident, symptom: Pick<Incident, '_id' | 'target'>, nowMs: number): Incident {
  const symptoms = (root.symptoms ?? []).filter(({ incident }) => incident !== symptom._id)
  if (symptoms.length === (root.symptoms ?? []).length) return root
  return withSignals({ ...root, symptoms }, symptom, [], nowMs)
}

/** The symptoms of an incident, counted. */
export const symptomCountOf = ({ symptoms = [], symptomCount = 0 }: Pick<Incident, 'symptoms' | 'symptomCount'>) =>
  Math.max(symptoms.length, symptomCount)

/** The relations by which its symptoms hang on it, each once. */
export const relationsOf = ({ symptoms = [] }: Pick<Incident, 'symptoms'>) =>
  [...new Set(symptoms.map(({ relation }) => relation))].sort()

/** When the newest symptom came; undefined where there is none. */
export const lastSymptomMs = ({ symptoms = [] }: Pick<Incident, 'symptoms'>): number | undefined =>
  symptoms.length === 0 ? undefined : Math.max(...symptoms.map(({ sinceMs }) => sinceMs))
