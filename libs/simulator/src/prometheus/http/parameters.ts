import { parseDuration } from '../promql/duration.ts'
import { PromqlError } from '../promql/error.ts'

/** The parameters of a request, from the query string and, for POST, the form. */
export type Parameters = URLSearchParams

function invalid(name: string, say: string): PromqlError {
  return new PromqlError('bad_data', `invalid parameter ${JSON.stringify(name)}: ${say}`)
}

const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/

/**
 * A point in time: Unix seconds with a fraction, or RFC 3339.
 *
 * @returns milliseconds; the fallback if the parameter is absent
 * @throws PromqlError of kind `bad_data`
 */
export function timeOf(parameters: Parameters, name: string, fallbackMs?: number): number {
  const text = parameters.get(name) ?? ''
  if (text === '' && fallbackMs !== undefined) return fallbackMs
  const ms = RFC3339.test(text) ? Date.parse(text) : text.trim() === '' ? Number.NaN : Math.round(Number(text) * 1000)
  if (!Number.isFinite(ms)) throw invalid(name, `cannot parse ${JSON.stringify(text)} to a valid timestamp`)
  return ms
}

/** A step or a timeout: seconds, or a duration such as `15s`. */
export function durationOf(parameters: Parameters, name: string): number {
  const text = parameters.get(name) ?? ''
  const ms = parseDuration(text) ?? (text.trim() === '' ? Number.NaN : Number(text) * 1000)
  if (!Number.isFinite(ms)) throw invalid(name, `cannot parse ${JSON.stringify(text)} to a valid duration`)
  return ms
}

/** Runs a parser and names the parameter in what it throws. */
export function within<T>(name: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (error instanceof PromqlError && error.kind === 'bad_data') throw invalid(name, error.message)
    throw error
  }
}
