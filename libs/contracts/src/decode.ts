import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { Static, TSchema } from 'typebox'

/** The outcome of a boundary check: the typed value, or every mistake at once. */
export type Decoded<T> = { ok: true; value: T } | { ok: false; errors: string[] }
/** Checks an unknown value against one schema. Never throws. */
export type Decoder<T> = (value: unknown) => Decoded<T>

const ajv = new Ajv2020({ allErrors: true, strict: true, discriminator: true, allowUnionTypes: true })
addFormats.default(ajv)

const LONGEST_SHOWN = 80
/** A million mistakes in one message are one mistake. */
const MOST_SAID = 100

/** Says one mistake as: where, what was expected, what was found. */
function sentence(error: ErrorObject, root: unknown): string {
  const where = error.instancePath === '' ? 'value' : error.instancePath.slice(1).replaceAll('/', '.')
  const found = error.instancePath
    .split('/')
    .slice(1)
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], root)
  const extra = 'additionalProperty' in error.params ? ` '${String(error.params['additionalProperty'])}'` : ''
  const allowed = 'allowedValues' in error.params ? ` ${JSON.stringify(error.params['allowedValues'])}` : ''
  const shown = JSON.stringify(found) ?? 'nothing'
  return `${where}: ${error.message ?? error.keyword}${allowed}${extra}, got ${shown.length > LONGEST_SHOWN ? `${shown.slice(0, LONGEST_SHOWN)}…` : shown}`
}

/**
 * Makes the boundary check of a schema (JSON Schema 2020-12); compiled once, at the first use.
 *
 * @param extra a check that a schema cannot express, run on values that fit it; returns the mistakes
 */
export function decoderOf<S extends TSchema>(schema: S, extra?: (value: Static<S>) => string[]): Decoder<Static<S>> {
  let validate: ValidateFunction | undefined
  return (value) => {
    validate ??= ajv.compile(schema)
    if (!validate(value))
      return { ok: false, errors: (validate.errors ?? []).slice(0, MOST_SAID).map((error) => sentence(error, value)) }
    const errors = extra?.(value as Static<S>) ?? []
    return errors.length === 0 ? { ok: true, value: value as Static<S> } : { ok: false, errors }
  }
}
