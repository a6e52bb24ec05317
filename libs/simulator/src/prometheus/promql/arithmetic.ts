import type { ArithmeticOperator, ComparisonOperator } from './syntax.ts'

/** As Go does it: `%` keeps the sign of the left side, division by zero is an infinity. */
export const ARITHMETIC: Record<ArithmeticOperator, (left: number, right: number) => number> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '%': (left, right) => left % right,
  '^': power,
  atan2: Math.atan2,
}

/** JavaScript says NaN for 1 ^ NaN and (±1) ^ Inf, Go says 1. */
function power(base: number, exponent: number): number {
  if (base === 1 || (base === -1 && !Number.isFinite(exponent) && !Number.isNaN(exponent))) return 1
  return base ** exponent
}

export const COMPARE: Record<ComparisonOperator, (left: number, right: number) => boolean> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '>': (left, right) => left > right,
  '<': (left, right) => left < right,
  '>=': (left, right) => left >= right,
  '<=': (left, right) => left <= right,
}

export function isComparison(operator: string): operator is ComparisonOperator {
  return Object.hasOwn(COMPARE, operator)
}
