import { isJsonObject, textOf } from '../../objects/json.ts'

/** Members whose value is another at each run; that they are there is compared. */
const VOLATILE = new Set([
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'deletionTimestamp',
  'time',
  'lastTransitionTime',
  'lastUpdateTime',
  'expirationTimestamp',
  'token',
  'continue',
  'clusterIP',
  'audiences',
  'serverAddress',
])

const CONTROLLERS = new Set(['kube-controller-manager', 'kube-scheduler', 'kubelet'])

/** What a controller may have written before or after the answer. */
const WRITTEN_BY_CONTROLLERS = new Set(['deployment.kubernetes.io/revision'])
const KINDS_OF_CONTROLLERS = new Set(['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob'])

const IN_TEXT: [RegExp, string][] = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<uid>'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>'],
  [/kube-api-access-[a-z0-9]{5}/g, 'kube-api-access-<suffix>'],
  [/generated-[a-z0-9]{5}/g, 'generated-<suffix>'],
  [/"resourceVersion\\?":\\?"\d+/g, '"resourceVersion":"<version>'],
  [/10\.96\.\d+\.\d+/g, '<address>'],
  [/too old resource version: \d+ \(\d+\)/g, 'too old resource version: <version>'],
  [/the ResourceVersion in the precondition \(\d+\)/g, 'the ResourceVersion in the precondition (<version>)'],
  [/Invalid value: "\{.*\}": /gs, 'Invalid value: "<object>": '],
  [/the ResourceVersion in record \(\d+\)/g, 'the ResourceVersion in record (<version>)'],
]

function isEmptyObject(value: unknown): boolean {
  return isJsonObject(value) && Object.keys(value).length === 0
}

function plainText(text: string): string {
  return IN_TEXT.reduce((said, [pattern, word]) => said.replaceAll(pattern, word), text)
}

function withoutControllers(entries: unknown): unknown {
  if (!Array.isArray(entries)) return entries
  return entries.filter((entry) => !(isJsonObject(entry) && CONTROLLERS.has(textOf(entry['manager']))))
}

function normalizeMember(name: string, value: unknown, kind: unknown): unknown {
  if (VOLATILE.has(name) && typeof value !== 'object') return '<volatile>'
  if (name === 'replicas' && kind === 'Scale status') return '<written by controllers>'
  if (name === 'status' && kind === 'Scale' && isJsonObject(value)) return normalize({ ...value, kind: 'Scale status' })
  if (name === 'resourceRules' || name === 'nonResourceRules') return sorted(normalize(value))
  if (name === 'causes') return distinct(normalize(value))
  if (name === 'managedFields') return normalize(withoutControllers(value))
  if (name === 'status' && KINDS_OF_CONTROLLERS.has(String(kind))) return '<written by controllers>'
  return normalize(value)
}

/** The rules of a user come in no order. */
function sorted(rules: unknown): unknown {
  if (!Array.isArray(rules)) return rules
  return rules
    .map((rule: unknown) => JSON.stringify(rule, isJsonObject(rule) ? Object.keys(rule).sort() : undefined))
    .sort()
}

/** The server tells some findings several times over. */
function distinct(causes: unknown): unknown {
  if (!Array.isArray(causes)) return causes
  return [...new Map(causes.map((cause: unknown) => [JSON.stringify(cause), cause])).values()]
}

/** A body with all that differs from run to run, or by the moment, replaced by words. */
export function normalize(value: unknown): unknown {
  if (typeof value === 'string') return plainText(value)
  if (Array.isArray(value)) return value.map(normalize)
  if (!isJsonObject(value)) return value
  const members = Object.entries(value)
    .filter(([name]) => !WRITTEN_BY_CONTROLLERS.has(name))
    .map(([name, member]) => [plainText(name), normalizeMember(name, member, value['kind'])] as const)
  // What only controllers had annotated is as if it had no annotations.
  return Object.fromEntries(members.filter(([name, member]) => name !== 'annotations' || !isEmptyObject(member)))
}
