import type { ErrorObject } from 'ajv'
import type { SettingSchema } from './coerce.ts'

const SHOWN_CHARACTERS = 60

function range({ minimum, maximum, exclusiveMinimum }: SettingSchema, unit = ''): string {
  if (exclusiveMinimum !== undefined) return `, above ${exclusiveMinimum}${unit}`
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}${unit}`
  if (minimum !== undefined) return minimum === 0 ? ', not negative' : `, at least ${minimum}${unit}`
  return maximum === undefined ? '' : `, at most ${maximum}${unit}`
}

/**
 * What a field wants, in words: `one of observe, approve, auto`, `a number from 0 to 1`.
 * @param failed the schema keyword that the value broke, if one did
 */
function expectation(schema: SettingSchema, failed?: string): string {
  if (schema.expected) return schema.expected
  if (schema.enum) return `one of ${schema.enum.join(', ')}`
  if (schema.duration) return `a duration such as 30s${failed === 'type' ? '' : range(schema, ` ${schema.duration}`)}`
  switch (schema.type) {
    case 'integer':
      return `a whole number${range(schema)}`
    case 'number':
      return `a number${range(schema)}`
    case 'boolean':
      return 'true or false'
    case 'array':
      return schema.items?.type === 'string' ? 'a list such as a,b' : 'a JSON list'
    case 'object':
      return 'a JSON object'
    default:
      return schema.pattern ? `text that matches ${schema.pattern}` : 'text that is not empty'
  }
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)}… (${text.length} characters)`
}

/** `/PROM_QUERIES/3/interval` → `PROM_QUERIES[3].interval` */
function readablePath(pointer: string): string {
  const steps = pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
  return steps.map((step, depth) => (/^\d+$/.test(step) ? `[${step}]` : depth === 0 ? step : `.${step}`)).join('')
}

interface Mistake {
  path: string
  say: string
}

/** A validation error as a person wants it told. `isSecret` is asked for the variable that the value came from. */
export function toMistake(error: ErrorObject, isSecret: (variable: string) => boolean): Mistake {
  const schema = (error.parentSchema ?? {}) as SettingSchema
  const at = (extra?: string) =>
    readablePath(extra === undefined ? error.instancePath : `${error.instancePath}/${extra}`)
  if (error.keyword === 'required') {
    const { missingProperty } = error.params as { missingProperty: string }
    const wanted = schema.properties?.[missingProperty]
    return { path: at(missingProperty), say: `not set, expected ${wanted ? expectation(wanted) : 'a value'}` }
  }
  if (error.keyword === 'additionalProperties') {
    const { additionalProperty } = error.params as { additionalProperty: string }
    const known = Object.keys(schema.properties ?? {}).join(', ')
    return { path: at(additionalProperty), say: `unknown, expected one of ${known}` }
  }
  const variable = error.instancePath.split('/')[1] ?? ''
  const got = isSecret(variable) ? 'a value that is not shown' : shown(error.data)
  return { path: at(), say: `expected ${expectation(schema, error.keyword)}, got ${got}` }
}
