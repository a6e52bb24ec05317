import { parseDuration } from './duration.ts'
import { parseNumber } from './literal.ts'
import { children, parseError, textOf, type Node } from './node.ts'
import type { At, Expression } from './syntax.ts'

type Apply = (operand: Expression) => Expression

/**
 * `[5m]`, `[1h:1m]`, `offset 5m` and `@ 1700000000` belong to the operand they follow; the grammar hangs them on the whole
 * expression before them (`a + b offset 5m`), so they are handed down to its right end.
 */
export function applyPostfix(node: Node, operand: Expression): Expression {
  return handDown(operand, (APPLIERS[node.node.name] as (node: Node) => Apply)(node))
}

function handDown(operand: Expression, apply: Apply): Expression {
  if (operand.type === 'binary') return { ...operand, right: handDown(operand.right, apply) }
  if (operand.type === 'negation') return { ...operand, operand: handDown(operand.operand, apply) }
  return apply(operand)
}

const APPLIERS: Record<string, (node: Node) => Apply> = {
  MatrixSelector: (node) => {
    const rangeMs = positive(node, children(node)[1] as Node)
    return (operand) => {
      if (operand.type !== 'selector' || operand.offsetMs !== 0 || operand.at)
        throw parseError(node.text, node.node.from, 'ranges only allowed for vector selectors')
      return { type: 'range', selector: operand, rangeMs }
    }
  },
  SubqueryExpr: (node) => {
    const [, range, step] = children(node)
    const rangeMs = positive(node, range as Node)
    const stepMs = step && positive(node, step)
    return (expression) => ({ type: 'subquery', expression, rangeMs, stepMs, offsetMs: 0, at: undefined })
  },
  OffsetExpr: (node) => {
    const offsetMs = durationMs(children(node).at(-1)!)
    return (operand) => shift(node, operand, (target) => ({ ...target, offsetMs }))
  },
  StepInvariantExpr: (node) => {
    const at = parseAt(children(node).at(-1)!)
    return (operand) => shift(node, operand, (target) => ({ ...target, at }))
  },
}

type Shiftable = { offsetMs: number; at: At | undefined }

function shift(node: Node, operand: Expression, change: <T extends Shiftable>(target: T) => T): Expression {
  if (operand.type === 'selector' || operand.type === 'subquery') return change(operand)
  if (operand.type === 'range') return { ...operand, selector: change(operand.selector) }
  const say = 'modifier must be preceded by an instant vector selector or range vector selector or a subquery'
  throw parseError(node.text, node.node.from, say)
}

function parseAt(node: Node): At {
  if (node.node.name !== 'AtModifierPreprocessors') return { atMs: Math.round(parseNumber(textOf(node)) * 1000) }
  return textOf(node).startsWith('start') ? 'start' : 'end'
}

function positive(owner: Node, node: Node): number {
  const ms = durationMs(node)
  if (!(ms > 0)) throw parseError(owner.text, node.node.from, 'duration must be greater than 0')
  return ms
}

function durationMs(node: Node): number {
  const text = textOf(node).replaceAll(/\s/g, '')
  const sign = text.startsWith('-') ? -1 : 1
  const ms = parseDuration(text.replace(/^[+-]/, '')) ?? Number(text.replace(/^[+-]/, '')) * 1000
  if (!Number.isFinite(ms))
    throw parseError(node.text, node.node.from, `not a valid duration string: ${JSON.stringify(text)}`)
  return sign * ms
}
