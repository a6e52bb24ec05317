import type { Matcher } from '../series/matcher.ts'

export type ValueType = 'scalar' | 'string' | 'instant vector' | 'range vector'

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%' | '^' | 'atan2'
export type ComparisonOperator = '==' | '!=' | '>' | '<' | '>=' | '<='
export type SetOperator = 'and' | 'or' | 'unless'
export type BinaryOperator = ArithmeticOperator | ComparisonOperator | SetOperator

/** How the two sides of an operation between vectors find each other. */
export interface Matching {
  labels: string[]
  isOn: boolean
  card: 'one-to-one' | 'many-to-one' | 'one-to-many'
  include: string[]
}

/** A fixed or a query-wide instant, by the `@` modifier. */
export type At = { atMs: number } | 'start' | 'end'

export interface Selector {
  type: 'selector'
  matchers: Matcher[]
  offsetMs: number
  at: At | undefined
}

export interface RangeSelector {
  type: 'range'
  selector: Selector
  rangeMs: number
}

export interface Subquery {
  type: 'subquery'
  expression: Expression
  rangeMs: number
  stepMs: number | undefined
  offsetMs: number
  at: At | undefined
}

export interface Binary {
  type: 'binary'
  operator: BinaryOperator
  left: Expression
  right: Expression
  isBool: boolean
  matching: Matching | undefined
}

export interface Aggregation {
  type: 'aggregation'
  operator: string
  grouping: string[]
  isWithout: boolean
  parameter: Expression | undefined
  operand: Expression
}

export interface Call {
  type: 'call'
  name: string
  arguments: Expression[]
}

export type Expression =
  | Selector
  | RangeSelector
  | Subquery
  | Binary
  | Aggregation
  | Call
  | { type: 'negation'; operand: Expression }
  | { type: 'group'; operand: Expression }
  | { type: 'number'; value: number }
  | { type: 'string'; value: string }

export const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '>', '<', '>=', '<='])
export const SET_OPERATORS: ReadonlySet<string> = new Set(['and', 'or', 'unless'])
