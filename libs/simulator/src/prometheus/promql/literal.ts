import { parseDuration } from './duration.ts'
import { PromqlError } from './error.ts'

/** A number as PromQL writes it: decimal with `_`, hexadecimal, `Inf`, `NaN`, or (since Prometheus 3) a duration in seconds. */
export function parseNumber(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1
  const digits = text.replace(/^[+-]\s*/, '').replaceAll('_', '')
  if (/^inf$/i.test(digits)) return sign * Number.POSITIVE_INFINITY
  if (/^nan$/i.test(digits)) return Number.NaN
  const durationMs = parseDuration(digits)
  if (durationMs !== undefined) return (sign * durationMs) / 1000
  return sign * Number(digits)
}

const ESCAPES: Record<string, string> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
}

const ESCAPE = /\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)/gs

/**
 * The text of a string literal, with Go's escapes; backquoted literals have none.
 *
 * @throws PromqlError for an unknown escape, as Prometheus does (a regular expression needs `\\.`, not `\.`)
 */
export function parseString(literal: string): string {
  const body = literal.slice(1, -1)
  return literal.startsWith('`') ? body : body.replaceAll(ESCAPE, (_, escape: string) => unescape(escape))
}

function unescape(escape: string): string {
  if (/^[xuU]./.test(escape)) return String.fromCodePoint(Number.parseInt(escape.slice(1), 16))
  if (/^[0-7]{3}$/.test(escape)) return String.fromCodePoint(Number.parseInt(escape, 8))
  const plain = ESCAPES[escape]
  if (plain === undefined) throw new PromqlError('bad_data', `parse error: unknown escape sequence '\\${escape}'`)
  return plain
}
