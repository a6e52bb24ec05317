import { AGGREGATIONS } from './aggregate.ts'
import { FUNCTIONS } from './functions.ts'
import { PromqlError } from './error.ts'
import {
  COMPARISONS,
  SET_OPERATORS,
  type Aggregation,
  type Binary,
  type Call,
  type Expression,
  type ValueType,
} from './syntax.ts'

/**
 * The type of an expression, each part of it checked.
 *
 * @throws PromqlError of kind `bad_data`, worded as Prometheus does
 */
export function checkExpression(expression: Expression): ValueType {
  switch (expression.type) {
    case 'number':
      return 'scalar'
    case 'string':
      return 'string'
    case 'selector':
      return 'instant vector'
    case 'range':
      return 'range vector'
    case 'subquery':
      expect(expression.expression, 'instant vector', 'subquery is only allowed on instant vector')
      return 'range vector'
    case 'group':
      return checkExpression(expression.operand)
    case 'negation':
      return checkNegation(expression.operand)
    case 'aggregation':
      return checkAggregation(expression)
    case 'call':
      return checkCall(expression)
    default:
      return checkBinary(expression)
  }
}

function fail(say: string): never {
  throw new PromqlError('bad_data', `parse error: ${say}`)
}

function expect(expression: Expression, wanted: ValueType, say: string): void {
  const found = checkExpression(expression)
  if (found !== wanted) fail(`${say}, got ${found}`)
}

function checkNegation(operand: Expression): ValueType {
  const found = checkExpression(operand)
  if (found !== 'scalar' && found !== 'instant vector')
    fail(`unary expression only allowed on expressions of type scalar or instant vector, got ${JSON.stringify(found)}`)
  return found
}

function checkAggregation({ operator, parameter, operand }: Aggregation): ValueType {
  const wanted = AGGREGATIONS[operator]?.parameter
  if ((wanted !== undefined) !== (parameter !== undefined))
    fail(
      `wrong number of arguments for aggregate expression provided, expected ${wanted ? 2 : 1}, got ${parameter ? 2 : 1}`,
    )
  if (parameter && wanted) expect(parameter, wanted, `expected type ${wanted} in aggregation parameter`)
  expect(operand, 'instant vector', 'expected type instant vector in aggregation expression')
  return 'instant vector'
}

function checkCall({ name, arguments: given }: Call): ValueType {
  const found = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined
  if (!found) fail(`unknown function with name ${JSON.stringify(name)}`)
  const least = found.arguments.length - (found.optional ?? 0)
  const most = found.isVariadic ? Number.POSITIVE_INFINITY : found.arguments.length
  if (given.length < least || given.length > most)
    fail(
      `expected ${least === most ? '' : given.length < least ? 'at least ' : 'at most '}${given.length < least ? least : most} argument(s) in call to ${JSON.stringify(name)}, got ${given.length}`,
    )
  given.forEach((argument, index) => {
    const wanted = found.arguments[Math.min(index, found.arguments.length - 1)]!
    expect(argument, wanted, `expected type ${wanted} in call to function ${JSON.stringify(name)}`)
  })
  return found.returns
}

function checkBinary({ operator, left, right, isBool, matching }: Binary): ValueType {
  const types = [checkExpression(left), checkExpression(right)]
  if (types.some((type) => type !== 'scalar' && type !== 'instant vector'))
    fail('binary expression must contain only scalar and instant vector types')
  const scalars = types.filter((type) => type === 'scalar').length
  if (isBool && !COMPARISONS.has(operator)) fail('bool modifier can only be used on comparison operators')
  if (scalars === 2 && COMPARISONS.has(operator) && !isBool) fail('comparisons between scalars must use BOOL modifier')
  if (scalars > 0 && matching) fail('vector matching only allowed between instant vectors')
  if (scalars > 0 && SET_OPERATORS.has(operator))
    fail(`set operator ${JSON.stringify(operator)} not allowed in binary scalar expression`)
  if (matching && matching.card !== 'one-to-one' && SET_OPERATORS.has(operator))
    fail(`no grouping allowed for ${JSON.stringify(operator)} operation`)
  checkInclude(matching)
  return scalars === 2 ? 'scalar' : 'instant vector'
}

function checkInclude(matching: Binary['matching']): void {
  const doubled = matching?.isOn ? matching.include.find((label) => matching.labels.includes(label)) : undefined
  if (doubled) fail(`label ${JSON.stringify(doubled)} must not occur in ON and GROUP clause at once`)
}
