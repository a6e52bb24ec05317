import {
  incidentId,
  SEVERITIES,
  titleOf,
  type AnomalyOpened,
  type Incident,
  type IncidentSignal,
  type Severity,
} from '@kubewise/contracts'

/** An incident as the store takes it. */
export type NewIncident = Omit<Incident, 'version'>

/** One target's pods can be many; beyond this, what is over makes room and what is not adds nothing more to know. */
export const MAX_SIGNALS = 256

const rank = (severity: Severity) => SEVERITIES.indexOf(severity)

const byStart = (a: IncidentSignal, b: IncidentSignal) => a.startedMs - b.startedMs || (a.anomaly < b.anomaly ? -1 : 1)

export function signalOf(anomaly: AnomalyOpened, resolvedMs?: number): IncidentSignal {
  return {
    anomaly: anomaly.id,
    rule: anomaly.rule.name,
    entity: anomaly.entity,
    source: anomaly.source,
    ...(anomaly.metric && { metric: anomaly.metric.name }),
    severity: anomaly.severity,
    startedMs: anomaly.startedMs,
    detectedMs: anomaly.detectedMs,
    ...(resolvedMs !== undefined && { resolvedMs }),
    say: anomaly.say,
  }
}

/** Is it the incident's own, not a symptom's? */
const isOwn = ({ target }: IncidentSignal) => target === undefined

/** Its own signals; where it has none, since it was opened for its symptoms alone, theirs. */
function judged(signals: readonly IncidentSignal[]): readonly IncidentSignal[] {
  const own = signals.filter(isOwn)
  return own.length > 0 ? own : signals
}

/** The worst signal, of these the first: what the incident is called by. */
function leading(signals: readonly IncidentSignal[]): IncidentSignal | undefined {
  return [...signals].sort((a, b) => rank(b.severity) - rank(a.severity) || byStart(a, b))[0]
}

/** What an incident says of itself, from its signals alone: the order in which they came leaves no trace. */
export function summary(signals: IncidentSignal[]): Pick<Incident, 'openedMs' | 'severity' | 'say' | 'signals'> {
  const sorted = [...signals].sort(byStart)
  const lead = leading(judged(sorted))
  return {
    openedMs: judged(sorted)[0]?.startedMs ?? 0,
    severity: lead?.severity ?? 'info',
    say: lead?.say ?? 'nothing known',
    signals: sorted,
  }
}

/** The incident that an anomaly opens on its target. */
export function openedBy(anomaly: AnomalyOpened, nowMs: number, resolvedMs?: number, id?: string): NewIncident {
  return {
    _id: id ?? incidentId(anomaly.target, anomaly.id),
    cluster: anomaly.target.cluster,
    target: anomaly.target,
    status: 'open',
    updatedMs: nowMs,
    ...summary([signalOf(anomaly, resolvedMs)]),
    plans: [],
    attempts: 0,
  }
}

export const hasSignal = (incident: Pick<Incident, 'signals'>, anomaly: string) =>
  incident.signals.some((signal) => signal.anomaly === anomaly)

/** Room for one more: what ended first goes first; undefined when all of them go on. */
function withRoom(signals: IncidentSignal[]): IncidentSignal[] | undefined {
  if (signals.length < MAX_SIGNALS) return signals
  const ended = signals.filter(({ resolvedMs }) => resolvedMs !== undefined)
  const first = ended.sort((a, b) => (a.resolvedMs ?? 0) - (b.resolvedMs ?? 0))[0]
  return first && signals.filter((signal) => signal !== first)
}

/** @returns the incident with one more signal, or the same object where it has it already */
export function withAnomaly(incident: Incident, anomaly: AnomalyOpened, nowMs: number, resolvedMs?: number): Incident {
  if (hasSignal(incident, anomaly.id)) return incident
  const signals = withRoom(incident.signals)
  if (!signals) return incident
  return { ...incident, ...summary([...signals, signalOf(anomaly, resolvedMs)]), updatedMs: nowMs }
}

/** @returns the incident with that signal ended, or the same object where that is known or the signal is not its own */
export function withResolution(incident: Incident, anomaly: string, resolvedMs: number, nowMs: number): Incident {
  const isNews = incident.signals.some((signal) => signal.anomaly === anomaly && signal.resolvedMs === undefined)
  if (!isNews) return incident
  const signals = incident.signals.map((signal) => (signal.anomaly === anomaly ? { ...signal, resolvedMs } : signal))
  return { ...incident, signals, updatedMs: nowMs }
}

export const openSignals = (incident: Pick<Incident, 'signals'>) =>
  incident.signals.filter(({ resolvedMs }) => resolvedMs === undefined)

/** Those that go on and speak of the incident's own target. */
export const openOwnSignals = (incident: Pick<Incident, 'signals'>) => openSignals(incident).filter(isOwn)

/** When the last of its own signals ended (of its symptoms', where it has none of its own); undefined while one goes on. */
export function quietSinceMs(incident: Pick<Incident, 'signals'>): number | undefined {
  const signals = judged(incident.signals)
  if (signals.some(({ resolvedMs }) => resolvedMs === undefined)) return undefined
  return Math.max(0, ...signals.map(({ resolvedMs }) => resolvedMs ?? 0))
}

export const titleOfIncident = (incident: Pick<Incident, 'target'>) => titleOf(incident.target)
