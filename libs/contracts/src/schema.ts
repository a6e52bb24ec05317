import { Type, type TEnum, type TObject, type TProperties, type TSchema } from 'typebox'

/** An object that takes the named members and no other. */
export const strict = <P extends TProperties>(properties: P): TObject<P> =>
  Type.Object(properties, { additionalProperties: false })

/** What the store adds to every document. */
export const stored = { _id: Type.String({ minLength: 1 }), version: Type.Integer({ minimum: 0 }) }

/** One of these words. */
export const oneOf = <const W extends readonly string[]>(words: W, description?: string) =>
  // TypeBox widens the words of a spread tuple to string | number.
  Type.Enum([...words], description === undefined ? {} : { description }) as TEnum<W[number][]>

/** Milliseconds since 1970. */
export const Ms = Type.Number({ minimum: 0 })
export const Text = Type.String({ minLength: 1 })
export const Count = Type.Integer({ minimum: 0 })
export const Share = Type.Number({ minimum: 0, maximum: 1 })
export const optional = <T extends TSchema>(schema: T) => Type.Optional(schema)
