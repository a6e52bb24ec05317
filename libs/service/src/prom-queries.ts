import { Type, type Static } from 'typebox'
import { Duration } from './fields.ts'

const PromQuery = Type.Object(
  {
    name: Type.String({ minLength: 1 }),
    query: Type.String({ minLength: 1, expected: 'a PromQL expression' }),
    /** Seconds. */
    interval: Type.Optional(Duration('s', { minimum: 1 })),
    unit: Type.Optional(
      Type.Enum(['percent', 'ratio', 'count', 'per-second', 'seconds', 'bytes', 'load', 'flag'], {
        expected: 'percent, ratio, count, per-second, seconds, bytes, load or flag',
      }),
    ),
    /** Which way is bad. */
    direction: Type.Optional(Type.Enum(['up', 'down', 'both'], { expected: 'up, down or both' })),
    /** The metric's practical resolution, in its unit. */
    floor: Type.Optional(Type.Number({ minimum: 0 })),
    /** The smallest deviation that matters, in the metric's unit. */
    minEffect: Type.Optional(Type.Number({ minimum: 0 })),
    /** Where something breaks: a number in the metric's unit, or a query for it. */
    limit: Type.Optional(
      Type.Union([Type.Number(), Type.String({ minLength: 1 })], { expected: 'a number or a PromQL expression' }),
    ),
    /** Somebody vouches for it, latency or errors say: it alone may give an alert. */
    serviceLevel: Type.Optional(Type.Boolean()),
    /** Labels that name what a series is about. */
    owners: Type.Optional(
      Type.Array(
        Type.Object(
          {
            kind: Type.String({ minLength: 1 }),
            namespace: Type.String({ minLength: 1 }),
            name: Type.String({ minLength: 1 }),
          },
          {
            additionalProperties: false,
            expected: 'an object with kind and the names of the labels namespace and name',
          },
        ),
        { maxItems: 8 },
      ),
    ),
  },
  { additionalProperties: false, expected: 'an object with name, query and, if wanted, interval, unit, direction, …' },
)

/** A query as an installation writes it. */
export type PromQuery = Static<typeof PromQuery>

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

/** The original's two forms, `{name: query}` and `[{query, metric_type}]`, both as a list of `{name, query, interval?}`. */
function readQueries(text: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return text
  }
  if (Array.isArray(value)) return value.map(withName)
  if (!isObject(value)) return value
  return Object.entries(value).map(([name, query]) => (isObject(query) ? { name, ...query } : { name, query }))
}

function withName(item: unknown): unknown {
  if (!isObject(item) || !('metric_type' in item)) return item
  const { metric_type: name, ...rest } = item
  return { name, ...rest }
}

/** Queries as users write them: the original's object of name and query, or a list with an interval (seconds) for each. */
export const PromQueries = Type.Array(PromQuery, {
  minItems: 1,
  expected: 'a JSON object {"name": "query"} or a JSON list of {"name", "query", "interval"}',
  read: readQueries,
})
