import { isJsonObject, type JsonObject } from '../objects/json.ts'
import { definitionOf, type FieldType, type ListType } from '../schema/schema.ts'

/** How server-side apply looks at a value of some type. */
export type Shape =
  | { kind: 'leaf' }
  | { kind: 'map'; typeOf: (name: string) => FieldType; isField: (name: string) => boolean }
  | { kind: 'list'; item: FieldType; elementOf: (item: unknown) => string }

const LEAF: Shape = { kind: 'leaf' }

function structShape(fields: Record<string, FieldType>): Shape {
  const isField = (name: string) => Object.hasOwn(fields, name)
  return { kind: 'map', typeOf: (name) => (isField(name) ? fields[name] : undefined) ?? 'any', isField }
}

function defaultsOfItem(type: ListType): Record<string, unknown> {
  return typeof type.list === 'object' && 'ref' in type.list ? (definitionOf(type.list).defaults ?? {}) : {}
}

/** `k:{"containerPort":80,"protocol":"TCP"}`: keys in the order of the alphabet, defaults filled in. */
function keyElement(type: ListType): (item: unknown) => string {
  const keys = [...(type.keys ?? [])].sort()
  const defaults = defaultsOfItem(type)
  return (item) => {
    const members: JsonObject = isJsonObject(item) ? item : {}
    const known = keys
      .map((key) => [key, members[key] ?? defaults[key]] as const)
      .filter(([, value]) => value !== undefined)
    return `k:${JSON.stringify(Object.fromEntries(known))}`
  }
}

function shapeOf(type: FieldType): Shape {
  if (typeof type === 'string') return LEAF
  if ('ref' in type) {
    const definition = definitionOf(type)
    return definition.isAtomic === true ? LEAF : structShape(definition.fields)
  }
  if ('map' in type) {
    return type.isAtomic === true ? LEAF : { kind: 'map', typeOf: () => type.map, isField: () => false }
  }
  if (type.as === 'atomic') return LEAF
  const elementOf = type.as === 'map' ? keyElement(type) : (item: unknown) => `v:${JSON.stringify(item)}`
  return { kind: 'list', item: type.list, elementOf }
}

const shapes = new WeakMap<object, Shape>()

/** The shape of a type, worked out once. */
export function shape(type: FieldType): Shape {
  if (typeof type === 'string') return LEAF
  let known = shapes.get(type)
  if (known === undefined) shapes.set(type, (known = shapeOf(type)))
  return known
}

/** A map or list that is absent or has nothing in it is a leaf: that keeps "empty" and "absent" apart. */
export function isHollow(value: unknown): boolean {
  if (value === undefined || value === null) return true
  return Array.isArray(value) ? value.length === 0 : isJsonObject(value) && Object.keys(value).length === 0
}

export function membersOf(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {}
}

export function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : []
}
