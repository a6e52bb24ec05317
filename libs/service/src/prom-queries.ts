import { Type } from 'typebox'
import { Duration } from './fields.ts'

const PromQuery = Type.Object(
  {
    name: Type.String({ minLength: 1 }),
    query: Type.String({ minLength: 1, expected: 'a PromQL expression' }),
    /** Seconds. */
    interval: Type.Optional(Duration('s', { minimum: 1 })),
  },
  { additionalProperties: false, expected: 'an object with name, query and, if wanted, interval' },
)

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
  expected: 'a JSON object {"name": "query"} or a JSON list of {"name", "query", "interval"}',
  read: readQueries,
})
