import type { IncidentSignal } from '@kubewise/contracts'
import type { Context } from './context.ts'

/** What a rule or model found for one open signal. */
export interface FoundEvidence {
  signal: IncidentSignal
  /** The first of these features that is a finite number. */
  number(...names: string[]): number | undefined
  text(name: string): string
}

type World = Pick<Context, 'incident' | 'evidence'>

/** The open signals that are as asked for, with what is known of each. */
export function allEvidence(
  { incident, evidence }: World,
  isAskedFor: (signal: IncidentSignal) => boolean,
): FoundEvidence[] {
  return incident.signals
    .filter((signal) => signal.resolvedMs === undefined && isAskedFor(signal))
    .map((signal) => {
      const features: Readonly<Record<string, unknown>> = evidence.get(signal.anomaly)?.features ?? {}
      return {
        signal,
        number: (...names) =>
          names.map((name) => features[name]).find((value) => typeof value === 'number' && Number.isFinite(value)) as
            | number
            | undefined,
        text: (name) => (typeof features[name] === 'string' ? features[name] : ''),
      }
    })
}

export const findEvidence = (
  world: World,
  isAskedFor: (signal: IncidentSignal) => boolean,
): FoundEvidence | undefined => allEvidence(world, isAskedFor)[0]
