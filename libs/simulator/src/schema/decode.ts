import { isJsonObject } from '../objects/json.ts'
import { formatQuantity, parseQuantity } from './quantity.ts'
import { definitionOf, type FieldType, type RefType, type ScalarType } from './schema.ts'

/** A value that does not fit the type its field has; the message is the Go decoder's. */
export class DecodeError extends Error {
  /** What the server's other decoder says, which does not know where it is. */
  readonly shortMessage: string | undefined

  constructor(message: string, shortMessage?: string) {
    super(message)
    this.name = 'DecodeError'
    this.shortMessage = shortMessage
  }
}

export interface Decoded {
  value: unknown
  /** Paths of members that the API does not know; they are not in `value`. */
  unknownFields: string[]
}

interface Place {
  /** Go's name of the structure around the field. */
  struct: string
  /** From the root, without indexes: how Go's decoder names a field. */
  path: string
  /** With indexes: how unknown fields are named. */
  indexedPath: string
}

const QUANTITY_RULE = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
const RFC3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/

const GO_TYPE: Partial<Record<ScalarType, string>> = { boolean: 'bool', number: 'float64', bytes: '[]uint8' }

function wordFor(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'boolean') return 'bool'
  return typeof value
}

function mismatch(value: unknown, goType: string, place: Place): DecodeError {
  const what = typeof value === 'number' ? `number ${value}` : wordFor(value)
  const found = typeof value === 'number' && !goType.startsWith('int') ? 'number' : what
  const field = place.path === '' ? 'value' : `struct field ${place.struct}.${place.path}`
  return new DecodeError(
    `json: cannot unmarshal ${found} into Go ${field} of type ${goType}`,
    `unrecognized type: ${goType}`,
  )
}

function decodeInteger(value: unknown, type: 'int32' | 'int64', place: Place): number {
  if (typeof value !== 'number') throw mismatch(value, type, place)
  const isInRange = type === 'int64' || (value >= -(2 ** 31) && value < 2 ** 31)
  if (!Number.isInteger(value) || !isInRange) throw mismatch(value, type, place)
  return value
}

function decodeQuantity(value: unknown): string {
  const quantity = typeof value === 'string' || typeof value === 'number' ? parseQuantity(value) : undefined
  if (quantity === undefined) throw new DecodeError(QUANTITY_RULE)
  return formatQuantity(quantity)
}

function decodeTime(value: unknown, type: 'time' | 'micro-time', place: Place): string {
  if (typeof value !== 'string') throw mismatch(value, 'string', place)
  if (!RFC3339.test(value)) {
    throw new DecodeError(
      `parsing time ${JSON.stringify(value)} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(value)} as "2006"`,
    )
  }
  const text = new Date(value).toISOString()
  return type === 'time' ? `${text.slice(0, 19)}Z` : `${text.slice(0, 23)}000Z`
}

function decodeScalar(value: unknown, type: ScalarType, place: Place): unknown {
  switch (type) {
    case 'any':
      return value
    case 'int32':
    case 'int64':
      return decodeInteger(value, type, place)
    case 'quantity':
      return decodeQuantity(value)
    case 'time':
    case 'micro-time':
      return decodeTime(value, type, place)
    case 'int-or-string':
      if (typeof value === 'string' || Number.isInteger(value)) return value
      throw mismatch(value, 'int32', place)
    case 'bytes':
    case 'string':
      if (typeof value === 'string') return value
      throw mismatch(value, GO_TYPE[type] ?? type, place)
    case 'boolean':
    case 'number':
      if (typeof value === type) return value
      throw mismatch(value, GO_TYPE[type] ?? type, place)
  }
}

function goName(type: FieldType): string {
  if (typeof type === 'string') return GO_TYPE[type] ?? (type === 'quantity' ? 'resource.Quantity' : type)
  if ('list' in type) return `[]${goName(type.list)}`
  if ('map' in type) return `map[string]${goName(type.map)}`
  return type.ref.split('.').slice(-2).join('.')
}

function decodeStruct(value: unknown, type: RefType, place: Place, unknownFields: string[]): unknown {
  if (!isJsonObject(value)) throw mismatch(value, goName(type), place)
  const { fields } = definitionOf(type)
  const struct = type.ref.slice(type.ref.lastIndexOf('.') + 1)
  const decoded: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(value)) {
    const fieldType = Object.hasOwn(fields, name) ? fields[name] : undefined
    const inner = below({ ...place, struct }, name)
    if (fieldType === undefined) unknownFields.push(inner.indexedPath)
    else if (member !== null && member !== undefined)
      decoded[name] = decodeValue(member, fieldType, inner, unknownFields)
  }
  return decoded
}

function below(place: Place, name: string): Place {
  const prefix = (path: string) => (path === '' ? name : `${path}.${name}`)
  return { struct: place.struct, path: prefix(place.path), indexedPath: prefix(place.indexedPath) }
}

function decodeValue(value: unknown, type: FieldType, place: Place, unknownFields: string[]): unknown {
  if (typeof type === 'string') return decodeScalar(value, type, place)
  if ('ref' in type) return decodeStruct(value, type, place, unknownFields)
  if ('list' in type) {
    if (!Array.isArray(value)) throw mismatch(value, goName(type), place)
    return value.map((item: unknown, index) =>
      decodeValue(item, type.list, { ...place, indexedPath: `${place.indexedPath}[${index}]` }, unknownFields),
    )
  }
  if (!isJsonObject(value)) throw mismatch(value, goName(type), place)
  const entries = Object.entries(value).filter(([, member]) => member !== null && member !== undefined)
  return Object.fromEntries(
    entries.map(([key, member]) => [
      key,
      decodeValue(member, type.map, { ...below(place, key), path: place.path }, unknownFields),
    ]),
  )
}

/**
 * Reads a JSON value as the API server's decoder does: members that are unknown or null are dropped, quantities and times
 * are brought to the server's spelling.
 *
 * @throws DecodeError where a value does not fit its field's type
 */
export function decode(value: unknown, type: FieldType): Decoded {
  const unknownFields: string[] = []
  const decoded = decodeValue(value, type, { struct: '', path: '', indexedPath: '' }, unknownFields)
  return { value: decoded, unknownFields }
}
