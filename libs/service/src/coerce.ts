import type { TSchema } from 'typebox'

/** What our schemas say beyond JSON Schema; see `settings.ts` for fields that use it. */
export interface SettingSchema extends TSchema {
  type?: string
  items?: SettingSchema
  properties?: Record<string, SettingSchema>
  patternProperties?: Record<string, SettingSchema>
  enum?: unknown[]
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  pattern?: string
  minLength?: number
  /** The unit of a duration: the value is a number of it, whatever unit was written. */
  duration?: DurationUnit
  /** How the expected value is described to people. */
  expected?: string
  /** The value is never shown. */
  secret?: boolean
  /** From the variable's text, in place of the usual reading; what it cannot read it returns as it is. */
  read?: (text: string) => unknown
}

export type DurationUnit = 'ms' | 's' | 'm' | 'h'

const UNIT_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/
const DURATION_PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/g
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i

const BOOLEANS: Record<string, boolean> = {
  true: true,
  yes: true,
  on: true,
  '1': true,
  false: false,
  no: false,
  off: false,
  '0': false,
}

/** `90`, `90s`, `1m30s` → 90 in seconds; undefined when it is none of these. */
export function parseDuration(text: string, unit: DurationUnit): number | undefined {
  const trimmed = text.trim()
  if (NUMBER.test(trimmed)) return Number(trimmed)
  if (!DURATION.test(trimmed)) return undefined
  const parts = trimmed.matchAll(DURATION_PART)
  const ms = parts.reduce((sum, [, amount, part]) => sum + Number(amount) * UNIT_MS[part!]!, 0)
  return ms / UNIT_MS[unit]!
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function parseList(text: string, items: SettingSchema | undefined): unknown {
  if (text.trimStart().startsWith('[') || items?.type !== 'string') return parseJson(text)
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

/** Writes durations inside lists and objects as numbers of their unit, in place of their text. */
function coerceWithin(schema: SettingSchema | undefined, value: unknown): unknown {
  if (!schema) return value
  if (schema.duration) return typeof value === 'string' ? (parseDuration(value, schema.duration) ?? value) : value
  if (Array.isArray(value)) return value.map((item) => coerceWithin(schema.items, item))
  if (typeof value !== 'object' || value === null) return value
  const others = Object.values(schema.patternProperties ?? {})[0]
  const entries = Object.entries(value).map(([key, each]) => {
    const property = schema.properties && Object.hasOwn(schema.properties, key) ? schema.properties[key] : others
    return [key, coerceWithin(property, each)]
  })
  return Object.fromEntries(entries) as object
}

function read(schema: SettingSchema, text: string): unknown {
  if (schema.read) return schema.read(text)
  if (schema.duration) return text
  switch (schema.type) {
    case 'number':
    case 'integer':
      return NUMBER.test(text.trim()) ? Number(text) : text
    case 'boolean':
      return BOOLEANS[text.trim().toLowerCase()] ?? text
    case 'array':
      return parseList(text, schema.items)
    case 'object':
      return parseJson(text)
    default:
      return text
  }
}

/** The value that a variable's text stands for, by the schema of its field; the text itself where it stands for none. */
export function coerce(schema: TSchema, text: string): unknown {
  const setting = schema as SettingSchema
  return coerceWithin(setting, read(setting, text))
}
