import { redactText, type RedactText } from './redact-text.ts'

/** Our own ids and hashes look drawn at random, too: they are left where they stand alone. */
const OWN_ID = /^(?:[A-Za-z0-9_-]{22}|[0-9a-f]{64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/
const ID_FIELDS: ReadonlySet<string> = new Set([
  'id',
  '_id',
  'incident',
  'anomaly',
  'plan',
  'execution',
  'silence',
  'holder',
  'hash',
  'uid',
])

function clean(value: unknown, key: string, redact: RedactText): unknown {
  if (typeof value === 'string') return ID_FIELDS.has(key) && OWN_ID.test(value) ? value : redact(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((each) => clean(each, key, redact))
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [redact(name), clean(member, name, redact)]))
}

/** One line of JSON, redacted member by member; ids of our own stay readable. What is no JSON is redacted as text. */
export function redactLine(line: string, redact: RedactText = redactText): string {
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch {
    return redact(line)
  }
  return `${JSON.stringify(clean(parsed, '', redact))}${line.endsWith('\n') ? '\n' : ''}`
}
