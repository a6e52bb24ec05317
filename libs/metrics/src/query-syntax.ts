import type { SyntaxNode } from '@lezer/common'
import { parser } from '@prometheus-io/lezer-promql'
import { ConfigError, type PromQuery } from '@kubewise/service'
import { metricsInForce } from './metrics-in-force.ts'

/** What can be said of a query without asking anybody. */
export interface QuerySyntax {
  /** Why Prometheus would refuse it; empty where its grammar takes it. */
  mistakes: string[]
  /** What makes a valid query a bad teacher. */
  advice: string[]
}

const COMPARISONS = new Set(['Gtr', 'Gte', 'Lss', 'Lte', 'Eql', 'Neq', 'EqlSingle'])
const AROUND_CHARS = 20

/**
 * Reads a PromQL expression by the grammar that Prometheus' own user interface uses. A filter on the value hides what is normal
 * from whoever learns, and `or vector(0)` invents a series about nobody: both are told, neither is refused.
 */
export function readQuery(query: string): QuerySyntax {
  if (query.trim() === '') return { mistakes: ['the query is empty'], advice: [] }
  const root = parser.parse(query).topNode
  const mistakes = mistakesIn(root, query)
  const expression = root.firstChild
  return { mistakes, advice: mistakes.length > 0 || !expression ? [] : adviceOn(expression, query) }
}

function mistakesIn(root: SyntaxNode, query: string): string[] {
  const places = new Set<number>()
  root.cursor().iterate((node) => {
    if (node.type.isError) places.add(node.from)
  })
  return [...places].map((at) =>
    at >= query.trimEnd().length
      ? 'the query ends too early: a bracket, a quote or an operand is missing'
      : `not PromQL at character ${at + 1}, near '${query.slice(at, at + AROUND_CHARS)}'`,
  )
}

/** Follows an expression down to what gives its values: not into conditions, nor into what it is divided by. */
function adviceOn(node: SyntaxNode, query: string): string[] {
  const within = (one: SyntaxNode | null | undefined) => (one ? adviceOn(one, query) : [])
  const operator = node.name === 'BinaryExpr' ? operatorOf(node) : undefined
  if (operator && COMPARISONS.has(operator.name) && !node.getChild('BoolModifier'))
    return [
      `'${query.slice(operator.from, node.to)}' drops values: a series that is only there while something is wrong teaches nothing about what is normal; write it with bool, or without`,
    ]
  if (operator?.name === 'Or') {
    const invented = node.lastChild && isVector(node.lastChild, query)
    return [
      ...within(node.firstChild),
      ...(invented
        ? ["'or vector(…)' makes a series about no object where there is none; leave it out"]
        : within(node.lastChild)),
    ]
  }
  if (operator) return within(node.firstChild)
  if (node.name === 'AggregateExpr') return within(node.getChild('FunctionCallBody')?.lastChild)
  if (node.name === 'ParenExpr') return within(node.firstChild)
  return []
}

function operatorOf(node: SyntaxNode): SyntaxNode | undefined {
  for (let child = node.firstChild?.nextSibling; child; child = child.nextSibling)
    if (COMPARISONS.has(child.name) || /^(Or|And|Unless|Add|Sub|Mul|Div|Mod|Pow|Atan2)$/.test(child.name)) return child
  return undefined
}

const isVector = (node: SyntaxNode, query: string) =>
  node.name === 'FunctionCall' && /^vector\s*\(/.test(query.slice(node.from, node.to))

/** Every mistake in the queries of an installation, each said with the query's name. */
export const queryMistakes = (queries: readonly PromQuery[]): string[] => [
  ...repeated(queries).map((name) => `PROM_QUERIES: ${name}: two queries have this name`),
  ...queries.flatMap(({ name, query, limit }) => [
    ...readQuery(query).mistakes.map((mistake) => `PROM_QUERIES: ${name}: ${mistake}`),
    ...(typeof limit === 'string' ? readQuery(limit).mistakes : []).map(
      (mistake) => `PROM_QUERIES: ${name}: limit: ${mistake}`,
    ),
  ]),
]

/** Names that two have, with those that limits make. */
function repeated(queries: readonly PromQuery[]): string[] {
  const names = metricsInForce(queries, 1).map(({ name }) => name)
  return [...new Set(names.filter((name, i) => names.indexOf(name) !== i))]
}

/** A configuration whose own queries a Prometheus could take. @throws ConfigError with every mistake in them */
export function withGoodQueries<C extends { PROM_QUERIES?: PromQuery[] }>(config: C): C {
  const mistakes = queryMistakes(config.PROM_QUERIES ?? [])
  if (mistakes.length > 0) throw new ConfigError(mistakes)
  return config
}
