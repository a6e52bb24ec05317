import { Type, type TSchemaOptions } from 'typebox'
import type { DurationUnit } from './coerce.ts'

/** A number of `unit`, written as one or as `30s`, `5m`, `1m30s`. */
export const Duration = (unit: DurationUnit, options: TSchemaOptions = {}) =>
  Type.Number({ minimum: 0, ...options, duration: unit })

/** An http or https address. */
export const HttpUrl = (options: TSchemaOptions = {}) =>
  Type.String({
    pattern: '^https?://[^\\s/]+',
    expected: 'an address such as http://localhost:9090',
    read: (text: string) => text.trim(),
    ...options,
  })

/** A TCP port; 0 takes a free one. */
export const Port = (options: TSchemaOptions = {}) => Type.Integer({ minimum: 0, maximum: 65_535, ...options })

/** Names, as a JSON list or between commas. */
export const Names = (options: TSchemaOptions = {}) => Type.Array(Type.String({ minLength: 1 }), options)

/** One of `values`, which are lower case; written in any. */
export const Choice = <const T extends string[]>(values: [...T], options: TSchemaOptions = {}) =>
  Type.Enum(values, { read: (text: string) => text.trim().toLowerCase(), ...options })
