import { PrometheusError } from '@kubewise/metrics'
import { BreakerOpenError, DeadlineError, HttpError } from '@kubewise/service'

/** Why a query brought nothing. `not-asked`: the circuit before Prometheus is open. */
export const FAILURES = [
  'refused',
  'malformed',
  'misdated',
  'too-large',
  'timeout',
  'unreachable',
  'status',
  'not-asked',
  'other',
] as const
export type Failure = (typeof FAILURES)[number]

export function failureOf(error: unknown): Failure {
  if (error instanceof PrometheusError || error instanceof HttpError) return error.kind
  if (error instanceof DeadlineError) return 'timeout'
  return error instanceof BreakerOpenError ? 'not-asked' : 'other'
}
