import data from './kubernetes-1.34.json' with { type: 'json' }

export const SCALARS = [
  'string',
  'boolean',
  'number',
  'int32',
  'int64',
  'bytes',
  'quantity',
  'int-or-string',
  'time',
  'micro-time',
  'any',
] as const
export type ScalarType = (typeof SCALARS)[number]

export interface ListType {
  list: FieldType
  /** How server-side apply sees the list: one value, a set of values, or items known by their keys. */
  as: 'atomic' | 'set' | 'map'
  keys?: string[]
  /** A strategic merge patch merges the list: items of one key, or for '' the values. Absent: it replaces the list. */
  mergeKey?: string
}

export interface MapType {
  map: FieldType
  isAtomic?: boolean
}

export interface RefType {
  ref: string
}

export type FieldType = ScalarType | ListType | MapType | RefType

/** A structure of the Kubernetes API. */
export interface Definition {
  fields: Record<string, FieldType>
  /** Server-side apply sees the structure as one value. */
  isAtomic?: boolean
  /** What the server writes where a field is absent. */
  defaults?: Record<string, unknown>
  /** Fields that the server writes as null where they are absent. */
  nulls?: string[]
}

export interface Schema {
  /** The definition of a kind, by `apps/v1 Deployment`. */
  kinds: Record<string, string>
  definitions: Record<string, Definition>
}

/** Kubernetes 1.34, made by `generate.ts` from the API server's own OpenAPI documents. */
export const SCHEMA = data as unknown as Schema

export function definitionOf(ref: RefType): Definition {
  const definition = SCHEMA.definitions[ref.ref]
  if (definition === undefined) throw new Error(`schema: no definition ${ref.ref}`)
  return definition
}

/** @throws Error for a kind that the schema does not hold: a fault of the program */
export function typeOfKind(apiVersion: string, kind: string): RefType {
  const name = SCHEMA.kinds[`${apiVersion} ${kind}`]
  if (name === undefined) throw new Error(`schema: no kind ${apiVersion} ${kind}`)
  return { ref: name }
}
