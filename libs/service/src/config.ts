import { parseEnv } from 'node:util'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { Static, TObject } from 'typebox'
import { coerce, type SettingSchema } from './coerce.ts'
import { toMistake } from './mistake.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Everything that is wrong with a configuration, a line each: which setting, what was expected, what it was. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly mistakes: readonly string[]

  constructor(mistakes: readonly string[]) {
    super(mistakes.join('\n'))
    this.mistakes = mistakes
  }
}

const ajv = new Ajv2020({ allErrors: true, strict: true, useDefaults: true, verbose: true })
for (const keyword of ['duration', 'expected', 'secret', 'read']) ajv.addKeyword({ keyword })

/** The environment over the text of a `.env` file. A variable that is set but empty counts as not set, as compose files produce it. */
export function mergeEnvironment(env: Environment, dotenvText = ''): Record<string, string> {
  const isSet = (entry: [string, string | undefined]): entry is [string, string] => (entry[1] ?? '').trim() !== ''
  return Object.fromEntries([...Object.entries(parseEnv(dotenvText)), ...Object.entries(env)].filter(isSet))
}

/**
 * Reads a configuration: each property of the schema is a variable of the same name, its text coerced to the property's type
 * (numbers, booleans, durations in the field's unit, JSON or comma lists), defaults from the schema. Unknown variables are ignored.
 *
 * @param schema an object schema; `settings.ts` has the fields that services share
 * @throws ConfigError with all mistakes at once; values of fields marked `secret` are never in it
 */
export function loadConfig<T extends TObject>(schema: T, env: Environment, dotenvText?: string): Static<T> {
  const texts = mergeEnvironment(env, dotenvText)
  const fields = schema.properties as Record<string, SettingSchema>
  const config: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(fields)) {
    const text = texts[name]
    if (text !== undefined) config[name] = coerce(field, text)
  }
  const validate = ajv.compile(schema)
  if (validate(config)) return config as Static<T>
  const isSecret = (variable: string) => fields[variable]?.secret === true
  const mistakes = new Map<string, string>()
  for (const error of validate.errors ?? []) {
    const { path, say } = toMistake(error, isSecret)
    mistakes.set(path, `${path}: ${say}`)
  }
  throw new ConfigError([...mistakes.values()])
}
