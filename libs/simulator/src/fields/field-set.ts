import { isJsonObject, type JsonObject } from '../objects/json.ts'

/**
 * A set of field paths, as a tree. An element is spelled as `fieldsV1` of managedFields spells it: `f:spec` for a field,
 * `k:{"name":"app"}` for the item of a list by its keys, `v:"x"` for a value of a set. Sets are never changed in place
 * once they are handed on.
 *
 * Source: kubernetes-sigs/structured-merge-diff, fieldpath/set.go.
 */
export interface FieldSet {
  readonly isMember: boolean
  readonly children: ReadonlyMap<string, FieldSet>
}

export const EMPTY: FieldSet = { isMember: false, children: new Map() }

export function isEmpty(set: FieldSet): boolean {
  return !set.isMember && set.children.size === 0
}

export function hasMember(set: FieldSet, element: string): boolean {
  return set.children.get(element)?.isMember ?? false
}

/** What the set says below one element. */
export function below(set: FieldSet, element: string): FieldSet {
  const child = set.children.get(element)
  return child === undefined ? EMPTY : { isMember: false, children: child.children }
}

function withChildren(isMember: boolean, children: Iterable<readonly [string, FieldSet]>): FieldSet {
  return { isMember, children: new Map([...children].filter(([, child]) => !isEmpty(child))) }
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(b)) return a
  const children = new Map(a.children)
  for (const [element, child] of b.children) children.set(element, union(children.get(element) ?? EMPTY, child))
  return { isMember: a.isMember || b.isMember, children }
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const shared = [...a.children].filter(([element]) => b.children.has(element))
  return withChildren(
    a.isMember && b.isMember,
    shared.map(([element, child]) => [element, intersection(child, b.children.get(element) ?? EMPTY)]),
  )
}

/** The members of `a` that are not members of `b`. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(b)) return a
  return withChildren(
    a.isMember && !b.isMember,
    [...a.children].map(([element, child]) => [element, difference(child, b.children.get(element) ?? EMPTY)]),
  )
}

/** The members of `a` that are neither members of `b` nor below one. */
export function withoutTrees(a: FieldSet, b: FieldSet): FieldSet {
  return withChildren(
    a.isMember && !b.isMember,
    [...a.children]
      .filter(([element]) => !hasMember(b, element))
      .map(([element, child]) => [element, withoutTrees(child, b.children.get(element) ?? EMPTY)]),
  )
}

export function isSameSet(a: FieldSet, b: FieldSet): boolean {
  if (a.isMember !== b.isMember || a.children.size !== b.children.size) return false
  return [...a.children].every(([element, child]) => {
    const other = b.children.get(element)
    return other !== undefined && isSameSet(child, other)
  })
}

/** A set of plain fields: `['spec', 'replicas']`. */
export function fieldSetOf(...paths: readonly (readonly string[])[]): FieldSet {
  return paths.reduce(
    (set, path) => union(set, path.reduceRight(under, { isMember: true, children: new Map() })),
    EMPTY,
  )
}

function under(child: FieldSet, name: string): FieldSet {
  return { isMember: false, children: new Map([[`f:${name}`, child]]) }
}

/** As `fieldsV1` spells a set: `.` marks a member that has further members below it. */
export function toFieldsV1(set: FieldSet): JsonObject {
  const entries = [...set.children].sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(
    entries.map(([element, child]) => [
      element,
      { ...(child.isMember && child.children.size > 0 ? { '.': {} } : {}), ...toFieldsV1(child) },
    ]),
  )
}

export function fromFieldsV1(fields: unknown): FieldSet {
  if (!isJsonObject(fields)) return EMPTY
  const children = Object.entries(fields).filter(([element]) => element !== '.')
  return {
    isMember: false,
    children: new Map(
      children.map(([element, inner]) => {
        const set = fromFieldsV1(inner)
        return [
          element,
          { isMember: set.children.size === 0 || (isJsonObject(inner) && '.' in inner), children: set.children },
        ]
      }),
    ),
  }
}

/** One element as people read it: `.image`, `[name="app"]`. */
export function printElement(element: string): string {
  const text = element.slice(2)
  if (element.startsWith('f:')) return `.${text}`
  if (!element.startsWith('k:')) return `[${element.startsWith('v:') ? '=' : ''}${text}]`
  const keys = Object.entries(JSON.parse(text) as Record<string, unknown>)
  return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`
}

/** Members as people read them: `.spec.template.spec.containers[name="app"].image`. */
export function printMembers(set: FieldSet, prefix = ''): string[] {
  const entries = [...set.children].sort(([a], [b]) => (a < b ? -1 : 1))
  return entries.flatMap(([element, child]) => {
    const path = `${prefix}${printElement(element)}`
    return [...(child.isMember ? [path] : []), ...printMembers(child, path)]
  })
}
