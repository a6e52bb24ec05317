import type { SyntaxNode } from '@lezer/common'
import { parser } from '@prometheus-io/lezer-promql'
import { METRIC_NAME } from '../series/labels.ts'
import { isMatch, matcher, type Matcher, type MatchOperator } from '../series/matcher.ts'
import { checkExpression } from './check.ts'
import { PromqlError } from './error.ts'
import { parseNumber, parseString } from './literal.ts'
import { child, children, parseError, textOf, type Node } from './node.ts'
import { applyPostfix } from './postfix.ts'
import type { BinaryOperator, Expression, Matching, Selector } from './syntax.ts'

/**
 * Parses and type-checks a PromQL query by the grammar that Prometheus' own editor uses.
 *
 * @throws PromqlError of kind `bad_data`, with the position, worded as Prometheus does
 */
export function parsePromql(query: string): Expression {
  const tree = parser.parse(query)
  refuseErrors(tree.topNode, query)
  const top = tree.topNode.firstChild
  if (!top) throw parseError(query, 0, 'no expression found in input')
  const expression = parseExpression({ node: top, text: query })
  checkExpression(expression)
  return expression
}

/**
 * A series selector, for `match[]`.
 *
 * @throws PromqlError if it is anything else
 */
export function parseSelector(query: string): Matcher[] {
  const expression = parsePromql(query)
  if (expression.type !== 'selector')
    throw new PromqlError('bad_data', `parse error: expected a series selector, got ${query}`)
  return expression.matchers
}

function refuseErrors(top: SyntaxNode, query: string): void {
  if (query.trim() === '')
    throw new PromqlError('bad_data', 'unknown position: parse error: no expression found in input')
  top.cursor().iterate((node) => {
    if (!node.type.isError) return
    const found = query.slice(node.from, Math.max(node.to, node.from + 1)).trim()
    throw parseError(query, node.from, found === '' ? 'unexpected end of input' : `unexpected ${JSON.stringify(found)}`)
  })
}

const PARSERS: Record<string, (node: Node) => Expression> = {
  NumberDurationLiteral: (node) => ({ type: 'number', value: parseNumber(textOf(node)) }),
  StringLiteral: (node) => ({ type: 'string', value: parseString(textOf(node)) }),
  ParenExpr: (node) => ({ type: 'group', operand: parseExpression(children(node)[0]!) }),
  UnaryExpr: parseUnary,
  BinaryExpr: parseBinary,
  AggregateExpr: parseAggregation,
  FunctionCall: (node) => ({
    type: 'call',
    name: textOf(child(node, 'FunctionIdentifier')!),
    arguments: parseArguments(node),
  }),
  VectorSelector: parseVectorSelector,
  OffsetExpr: parsePostfix,
  MatrixSelector: parsePostfix,
  SubqueryExpr: parsePostfix,
  StepInvariantExpr: parsePostfix,
}

function parseExpression(node: Node): Expression {
  const parse = PARSERS[node.node.name]
  if (!parse) throw parseError(node.text, node.node.from, `${textOf(node)} is not supported here`)
  return parse(node)
}

function parsePostfix(node: Node): Expression {
  return applyPostfix(node, parseExpression(children(node)[0]!))
}

function parseArguments(node: Node): Expression[] {
  return children(child(node, 'FunctionCallBody')!).map(parseExpression)
}

function parseUnary(node: Node): Expression {
  const [operator, operand] = children(node) as [Node, Node]
  const expression = parseExpression(operand)
  return textOf(operator) === '-' ? { type: 'negation', operand: expression } : expression
}

function parseBinary(node: Node): Expression {
  const parts = children(node)
  const operator = textOf(parts[1]!).toLowerCase() as BinaryOperator
  const left = parseExpression(parts[0]!)
  const right = parseExpression(parts.at(-1)!)
  if (child(node, 'FillModifier')) throw parseError(node.text, node.node.from, 'fill modifiers are not supported')
  const clause = child(node, 'MatchingModifierClause')
  const binary: Expression = {
    type: 'binary',
    operator,
    left,
    right,
    isBool: child(node, 'BoolModifier') !== undefined,
    matching: clause && parseMatching(clause),
  }
  return operator === '^' ? bindSignLooser(binary) : binary
}

/** The grammar reads `-1 ^ 2` as a power of -1; in PromQL a sign binds less than a power. */
function bindSignLooser(power: Extract<Expression, { type: 'binary' }>): Expression {
  if (power.left.type !== 'number' || !(power.left.value < 0 || Object.is(power.left.value, -0))) return power
  return { type: 'negation', operand: { ...power, left: { type: 'number', value: -power.left.value } } }
}

function parseMatching(clause: Node): Matching {
  const [labels, include] = children(clause, 'GroupingLabels')
  const card = child(clause, 'GroupLeft') ? 'many-to-one' : child(clause, 'GroupRight') ? 'one-to-many' : 'one-to-one'
  return {
    labels: labels ? parseLabelNames(labels) : [],
    isOn: child(clause, 'On') !== undefined,
    card,
    include: include ? parseLabelNames(include) : [],
  }
}

function parseLabelNames(node: Node): string[] {
  return children(node).map((name) => (name.node.name === 'QuotedLabelName' ? parseString(textOf(name)) : textOf(name)))
}

function parseAggregation(node: Node): Expression {
  const operator = textOf(child(node, 'AggregateOp')!).toLowerCase()
  const modifier = child(node, 'AggregateModifier')
  const labels = modifier && child(modifier, 'GroupingLabels')
  const found = parseArguments(node)
  const operand = found.at(-1)
  if (!operand) throw parseError(node.text, node.node.from, 'no arguments for aggregate expression provided')
  if (found.length > 2)
    throw parseError(
      node.text,
      node.node.from,
      `wrong number of arguments for aggregate expression provided, expected 2, got ${found.length}`,
    )
  return {
    type: 'aggregation',
    operator,
    grouping: labels ? parseLabelNames(labels) : [],
    isWithout: modifier !== undefined && child(modifier, 'Without') !== undefined,
    parameter: found.length === 2 ? found[0] : undefined,
    operand,
  }
}

function parseVectorSelector(node: Node): Selector {
  const name = child(node, 'Identifier')
  const list = child(node, 'LabelMatchers')
  const matchers = list ? children(list).map(parseMatcher) : []
  if (name) {
    if (matchers.some((found) => found.label === METRIC_NAME))
      throw parseError(node.text, node.node.from, `metric name must not be set twice: ${JSON.stringify(textOf(name))}`)
    matchers.unshift(matcher(METRIC_NAME, '=', textOf(name)))
  }
  if (matchers.every((found) => isMatch(found, {})))
    throw parseError(node.text, node.node.from, 'vector selector must contain at least one non-empty matcher')
  return { type: 'selector', matchers, offsetMs: 0, at: undefined }
}

function parseMatcher(node: Node): Matcher {
  if (node.node.name === 'QuotedLabelName') return matcher(METRIC_NAME, '=', parseString(textOf(node)))
  const [label, operator, value] = children(node) as [Node, Node, Node]
  const name = label.node.name === 'QuotedLabelName' ? parseString(textOf(label)) : textOf(label)
  try {
    return matcher(name, textOf(operator) as MatchOperator, parseString(textOf(value)))
  } catch (error) {
    if (error instanceof PromqlError) throw error
    throw parseError(node.text, node.node.from, `error parsing regexp: ${(error as Error).message}`)
  }
}
