import { NOT_REDACTED, redactText, type RedactText } from './redact-text.ts'

const DROPPED_ANNOTATIONS: ReadonlySet<string> = new Set(['kubectl.kubernetes.io/last-applied-configuration'])
const KEYS_ALONE: ReadonlySet<string> = new Set(['data', 'stringData', 'binaryData'])
const DEEPEST = 64

type Value = unknown

const isRecord = (value: Value): value is Record<string, Value> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Environment variables keep their names and where they come from. */
const withoutValue = (variable: Value): Value =>
  isRecord(variable) ? Object.fromEntries(Object.entries(variable).filter(([key]) => key !== 'value')) : {}

const withoutValues = (value: Value): Value =>
  isRecord(value) ? Object.fromEntries(Object.keys(value).map((key) => [key, ''])) : {}

const isConfiguration = (object: Record<string, Value>): boolean =>
  object['kind'] === 'ConfigMap' || object['kind'] === 'Secret'

function clean(value: Value, redact: RedactText, depth: number): Value {
  if (depth > DEEPEST) return NOT_REDACTED
  if (typeof value === 'string') return redact(value)
  if (Array.isArray(value)) return value.map((each) => clean(each, redact, depth + 1))
  if (!isRecord(value)) return value
  const holdsConfiguration = isConfiguration(value)
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]): [string, Value][] => {
      if (DROPPED_ANNOTATIONS.has(key)) return []
      if (holdsConfiguration && KEYS_ALONE.has(key)) return [[key, withoutValues(member)]]
      const structural = key === 'env' && Array.isArray(member) ? member.map(withoutValue) : member
      return [[redact(key), clean(structural, redact, depth + 1)]]
    }),
  )
}

/**
 * A Kubernetes object, or any JSON value, without what it could hold of secrets: values of environment variables and of
 * ConfigMaps are dropped by their place, whatever they look like; all other text is redacted, keys included. Fails closed: what
 * cannot be redacted is left out whole.
 */
export function redactObject(value: unknown, redact: RedactText = redactText): unknown {
  try {
    return clean(value, redact, 0)
  } catch {
    return NOT_REDACTED
  }
}
