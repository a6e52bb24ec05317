import type { Labels } from './labels.ts'

export type MatchOperator = '=' | '!=' | '=~' | '!~'

/** A condition on one label; an absent label counts as empty. */
export interface Matcher {
  label: string
  operator: MatchOperator
  value: string
  pattern: RegExp | undefined
}

/** @throws SyntaxError if the pattern is not a regular expression */
export function matcher(label: string, operator: MatchOperator, value: string): Matcher {
  return { label, operator, value, pattern: operator === '=~' || operator === '!~' ? anchored(value) : undefined }
}

export function isMatch({ label, operator, value, pattern }: Matcher, labels: Labels): boolean {
  const actual = labels[label] ?? ''
  if (pattern) return pattern.test(actual) === (operator === '=~')
  return (actual === value) === (operator === '=')
}

/** Prometheus' patterns are RE2, always anchored at both ends, and `.` matches newlines. */
export function anchored(pattern: string): RegExp {
  const flags = /^\(\?([a-zA-Z]+)\)/.exec(pattern)
  const body = flags ? pattern.slice(flags[0].length) : pattern
  const named = body.replaceAll('(?P<', '(?<')
  return new RegExp(`^(?:${named})$`, flags?.[1]?.includes('i') ? 'is' : 's')
}
