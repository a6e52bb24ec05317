import type { Matcher, MatcherField } from '@kubewise/contracts'
import { RE2JS } from 're2js'

/** What is matched, by field; an absent one is empty, as Alertmanager takes a missing label. */
export type Matched = Readonly<Partial<Record<MatcherField, string>>>

/** Do all matchers fit? */
export type Fits = (matched: Matched) => boolean

/**
 * Compiles a matcher as Alertmanager reads it: expressions are RE2, which takes linear time whatever they say, and must match
 * the whole value.
 *
 * @throws Error for an expression that is none
 */
function testOf({ operator, value }: Matcher): (found: string) => boolean {
  if (operator === '=') return (found) => found === value
  if (operator === '!=') return (found) => found !== value
  const expression = RE2JS.compile(value, RE2JS.DOTALL)
  return operator === '=~' ? (found) => expression.matches(found) : (found) => !expression.matches(found)
}

/** @throws Error for an expression that is none */
export function fitsOf(matchers: readonly Matcher[]): Fits {
  const tests = matchers.map((matcher) => ({ field: matcher.field, test: testOf(matcher) }))
  return (matched) => tests.every(({ field, test }) => test(matched[field] ?? ''))
}

/** Every expression that is none, in words that begin with where it stands. */
export function matcherMistakes(path: string, matchers: readonly Matcher[]): string[] {
  return matchers.flatMap((matcher, index) => {
    try {
      testOf(matcher)
      return []
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      return `${path}[${index}].value: expected an RE2 expression, got "${matcher.value}" (${why})`
    }
  })
}
