import type { Facts } from '@kubewise/contracts'

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The part of a path that leads to a fact: up to a list, whose elements have ids of their own. */
function walk(facts: Facts, path: string): { names: string[]; value: unknown } {
  const names: string[] = []
  let value: unknown = facts
  for (const name of path.split('.')) {
    if (!isRecord(value) || !Object.hasOwn(value, name)) break
    value = value[name]
    names.push(name)
  }
  return { names, value }
}

/** The id of a fact by its path, such as `fact:rollout.current`; undefined where there is no such fact. */
export function factId(facts: Facts, path: string): string | undefined {
  const { names } = walk(facts, path)
  return names.length === 0 ? undefined : `fact:${names.join('.')}`
}

/** The id of one pod. */
export const podFactId = ({ name }: Pick<Facts['pods'][number], 'name'>): string => `fact:pods/${name}`

const MOST_NAMES = 20

/** An element of a list in a word. */
function word(element: unknown): unknown {
  if (!isRecord(element)) return element
  return element['name'] ?? element['rule'] ?? element['what'] ?? ''
}

/** What a fact says, in short: a list by the names of its elements, a group by its own members. */
function short(value: unknown, depth = 0): unknown {
  if (Array.isArray(value)) return { count: value.length, names: value.slice(0, MOST_NAMES).map(word) }
  if (!isRecord(value)) return value
  if (depth > 1) return undefined
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, short(member, depth + 1)]))
}

/** The value behind a fact's id, as `factId` gives it. */
export function factValue(facts: Facts, id: string): unknown {
  return short(walk(facts, id.replace(/^fact:/, '')).value)
}
