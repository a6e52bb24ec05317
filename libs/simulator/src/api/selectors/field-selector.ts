import type { KubernetesObject, Resource } from '@kubewise/kube'
import { badRequest } from '../../objects/api-status.ts'
import { isJsonObject } from '../../objects/json.ts'

export interface FieldRequirement {
  field: string
  isEqual: boolean
  value: string
}

type FieldReader = (object: KubernetesObject) => unknown

function at(path: string): FieldReader {
  const names = path.split('.')
  return (object) => names.reduce<unknown>((value, name) => (isJsonObject(value) ? value[name] : undefined), object)
}

function paths(...names: string[]): Record<string, FieldReader> {
  return Object.fromEntries(names.map((name) => [name, at(name)]))
}

const METADATA = paths('metadata.name', 'metadata.namespace')
const REFERENCE = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath']

const EVENT_SOURCE: FieldReader = (object) => at('source.component')(object) ?? at('reportingComponent')(object)
const CORE_EVENT = {
  ...paths(...REFERENCE.map((name) => `involvedObject.${name}`), 'reason', 'reportingComponent', 'type'),
  source: EVENT_SOURCE,
}
/** Events are selected in their stored, core form, also when they are asked for through `events.k8s.io`. */
const EVENT = {
  ...Object.fromEntries(REFERENCE.map((name) => [`regarding.${name}`, at(`involvedObject.${name}`)])),
  ...paths('reason', 'type'),
  reportingController: at('reportingComponent'),
}

const BY_RESOURCE: Record<string, Record<string, FieldReader>> = {
  '/pods': paths(
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ),
  '/nodes': paths('spec.unschedulable'),
  '/namespaces': paths('status.phase'),
  '/services': paths('spec.clusterIP', 'spec.type'),
  '/events': CORE_EVENT,
  'events.k8s.io/events': EVENT,
  'batch/jobs': { 'status.successful': at('status.succeeded') },
  'apps/replicasets': paths('status.replicas'),
}

/** Numbers and booleans that are absent count as zero and false. */
const ABSENT: Record<string, string> = {
  'spec.unschedulable': 'false',
  'spec.hostNetwork': 'false',
  'status.successful': '0',
  'status.replicas': '0',
}

const HAS_LABELS_OF_ITS_OWN = new Set(['pods', 'nodes', 'namespaces', 'services', 'events'])

function unsupported(resource: Resource, field: string): string {
  if (resource.kind === 'Job') return `field label ${JSON.stringify(field)} not supported for Job`
  return HAS_LABELS_OF_ITS_OWN.has(resource.plural)
    ? `field label not supported: ${field}`
    : `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`
}

function parseTerm(text: string, selector: string): FieldRequirement {
  const match = /^(.*?)(!=|==|=)(.*)$/.exec(text)
  if (match === null) throw badRequest(`invalid selector: '${selector}'; can't understand '${text}'`)
  return { field: match[1] ?? '', isEqual: match[2] !== '!=', value: match[3] ?? '' }
}

function readersOf(resource: Resource): Record<string, FieldReader> {
  return { ...METADATA, ...BY_RESOURCE[`${resource.group}/${resource.plural}`] }
}

/**
 * `status.phase!=Running,spec.nodeName=node-1`.
 *
 * @throws ApiStatus 400 for what is no selector, or asks for a field that cannot be selected by
 */
export function parseFieldSelector(resource: Resource, text: string): FieldRequirement[] {
  const terms = text.split(',').filter((term) => term !== '')
  const requirements = terms.map((term) => parseTerm(term, text))
  const readers = readersOf(resource)
  for (const { field } of requirements) {
    if (!Object.hasOwn(readers, field)) throw badRequest(unsupported(resource, field))
  }
  return requirements
}

export function matchesFields(
  resource: Resource,
  requirements: readonly FieldRequirement[],
  object: KubernetesObject,
): boolean {
  if (requirements.length === 0) return true
  const readers = readersOf(resource)
  return requirements.every(({ field, isEqual, value }) => {
    const found = readers[field]?.(object) as string | number | boolean | undefined
    return (String(found ?? ABSENT[field] ?? '') === value) === isEqual
  })
}
