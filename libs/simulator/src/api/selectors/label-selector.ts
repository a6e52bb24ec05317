import type { LabelSelector } from '@kubewise/kube'
import { badRequest } from '../../objects/api-status.ts'

/** One demand on an object's labels. */
export interface Requirement {
  key: string
  operator: 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt'
  values: readonly string[]
}

export type Labels = Readonly<Record<string, string>>

const KEY = String.raw`[A-Za-z0-9][\w./-]*`
const VALUE = String.raw`[\w.-]*`
const SET = new RegExp(String.raw`^(${KEY})\s+(in|notin)\s*\(([^()]*)\)$`)
const COMPARED = new RegExp(String.raw`^(${KEY})\s*(==|=|!=|>|<)\s*(${VALUE})$`)
const EXISTS = new RegExp(String.raw`^(!?)\s*(${KEY})$`)

const OPERATORS: Record<string, Requirement['operator']> = {
  '=': 'in',
  '==': 'in',
  '!=': 'notin',
  '>': 'gt',
  '<': 'lt',
}

/** At commas, except those within parentheses. */
function split(text: string): string[] {
  return text.split(/,(?![^()]*\))/).map((part) => part.trim())
}

function parseRequirement(text: string): Requirement {
  const set = SET.exec(text)
  if (set !== null) {
    return { key: set[1] ?? '', operator: set[2] === 'in' ? 'in' : 'notin', values: split(set[3] ?? '') }
  }
  const compared = COMPARED.exec(text)
  if (compared !== null) {
    return { key: compared[1] ?? '', operator: OPERATORS[compared[2] ?? ''] ?? 'in', values: [compared[3] ?? ''] }
  }
  const exists = EXISTS.exec(text)
  if (exists === null) {
    const [, second = text] = text.split(/\s+/)
    throw badRequest(`unable to parse requirement: found '${second}', expected: in, notin, =, ==, !=, gt, lt`)
  }
  return { key: exists[2] ?? '', operator: exists[1] === '!' ? '!' : 'exists', values: [] }
}

/**
 * The text form: `app=web,tier notin (db, cache),!legacy`.
 *
 * @throws ApiStatus 400 for text that is no selector
 */
export function parseLabelSelector(text: string): Requirement[] {
  return text.trim() === '' ? [] : split(text).map(parseRequirement)
}

const OBJECT_OPERATORS: Record<string, Requirement['operator']> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
}

/** The form that objects carry: `matchLabels` and `matchExpressions`. An empty selector matches all. */
export function requirementsOf(selector: LabelSelector): Requirement[] {
  const labels = Object.entries(selector.matchLabels ?? {})
  return [
    ...labels.map(([key, value]): Requirement => ({ key, operator: 'in', values: [value] })),
    ...(selector.matchExpressions ?? []).map(({ key, operator, values = [] }): Requirement => ({
      key,
      operator: OBJECT_OPERATORS[operator] ?? 'in',
      values,
    })),
  ]
}

function isMet({ key, operator, values }: Requirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined
  switch (operator) {
    case 'in':
      return value !== undefined && values.includes(value)
    case 'notin':
      return value === undefined || !values.includes(value)
    case 'exists':
      return value !== undefined
    case '!':
      return value === undefined
    case 'gt':
      return value !== undefined && Number(value) > Number(values[0])
    case 'lt':
      return value !== undefined && Number(value) < Number(values[0])
  }
}

export function matchesLabels(requirements: readonly Requirement[], labels: Labels | undefined): boolean {
  return requirements.every((requirement) => isMet(requirement, labels ?? {}))
}
