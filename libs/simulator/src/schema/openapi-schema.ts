import { SCALARS, type Definition, type FieldType, type ListType, type Schema, type ScalarType } from './schema.ts'

/** What is read of an OpenAPI v3 document of a Kubernetes API server. */
export interface OpenApiDocument {
  components?: { schemas?: Record<string, OpenApiType> }
}

interface OpenApiType {
  type?: string
  format?: string
  $ref?: string
  allOf?: OpenApiType[]
  oneOf?: OpenApiType[]
  items?: OpenApiType
  properties?: Record<string, OpenApiType>
  additionalProperties?: OpenApiType | boolean
  required?: string[]
  default?: unknown
  'x-kubernetes-list-type'?: ListType['as']
  'x-kubernetes-list-map-keys'?: string[]
  'x-kubernetes-map-type'?: 'atomic' | 'granular'
  'x-kubernetes-patch-strategy'?: string
  'x-kubernetes-patch-merge-key'?: string
  'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string }[]
}

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1'

/** Types that are structures in Go but one value in JSON. */
const SPECIAL: Record<string, ScalarType> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': 'quantity',
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': 'int-or-string',
  'io.k8s.apimachinery.pkg.runtime.RawExtension': 'any',
  [`${META}.Time`]: 'time',
  [`${META}.MicroTime`]: 'micro-time',
  [`${META}.FieldsV1`]: 'any',
}

/** `io.k8s.api.core.v1.Pod` is `core.v1.Pod` here. */
function shortName(name: string): string {
  return name.replace(/^io\.k8s\.api\./, '').replace(/^io\.k8s\.apimachinery\.pkg\.apis\./, '')
}

function refOf(type: OpenApiType): string | undefined {
  const ref = type.$ref ?? type.allOf?.[0]?.$ref
  return ref?.slice(ref.lastIndexOf('/') + 1)
}

function scalarOf(type: OpenApiType): ScalarType {
  if (type.type === 'integer') return type.format === 'int64' ? 'int64' : 'int32'
  if (type.type === 'string' && type.format === 'byte') return 'bytes'
  return SCALARS.find((name) => name === type.type) ?? 'any'
}

function typeOf(type: OpenApiType): FieldType {
  const ref = refOf(type)
  if (ref !== undefined) return SPECIAL[ref] ?? { ref: shortName(ref) }
  const strategy = type['x-kubernetes-patch-strategy']?.split(',') ?? []
  if (type.items !== undefined) {
    return {
      list: typeOf(type.items),
      as: type['x-kubernetes-list-type'] ?? 'atomic',
      ...(type['x-kubernetes-list-map-keys'] === undefined ? {} : { keys: type['x-kubernetes-list-map-keys'] }),
      ...(strategy.includes('merge') ? { mergeKey: type['x-kubernetes-patch-merge-key'] ?? '' } : {}),
    }
  }
  if (typeof type.additionalProperties === 'object') {
    return {
      map: typeOf(type.additionalProperties),
      ...(type['x-kubernetes-map-type'] === 'atomic' ? { isAtomic: true } : {}),
    }
  }
  return scalarOf(type)
}

/** A default that says a field is never absent: Go writes a structure, or a scalar without `omitempty`, in any case. */
function defaultsOf(properties: Record<string, OpenApiType>): Record<string, unknown> {
  const present = Object.entries(properties).filter(([, type]) => type.default !== undefined && !isTime(type))
  return Object.fromEntries(present.map(([name, type]) => [name, type.default]))
}

function isTime(type: OpenApiType): boolean {
  return ['time', 'micro-time'].includes(SPECIAL[refOf(type) ?? ''] ?? '')
}

/**
 * Fields that the server writes as null though OpenAPI calls them optional: dates that are structures in Go, which
 * `omitempty` does not leave out, and one list that lacks it.
 */
const OPTIONAL_NULLS: Record<string, string[]> = {
  'apps.v1.DaemonSetCondition': ['lastTransitionTime'],
  'apps.v1.DeploymentCondition': ['lastTransitionTime', 'lastUpdateTime'],
  'apps.v1.ReplicaSetCondition': ['lastTransitionTime'],
  'apps.v1.StatefulSetCondition': ['lastTransitionTime'],
  'autoscaling.v2.HorizontalPodAutoscalerCondition': ['lastTransitionTime'],
  'autoscaling.v2.HorizontalPodAutoscalerStatus': ['currentMetrics'],
  'batch.v1.JobCondition': ['lastProbeTime', 'lastTransitionTime'],
  'core.v1.ContainerStateRunning': ['startedAt'],
  'core.v1.ContainerStateTerminated': ['finishedAt', 'startedAt'],
  'core.v1.Event': ['eventTime', 'firstTimestamp', 'lastTimestamp'],
  'core.v1.NodeCondition': ['lastHeartbeatTime', 'lastTransitionTime'],
  'core.v1.PersistentVolumeClaimCondition': ['lastProbeTime', 'lastTransitionTime'],
  'core.v1.PodCondition': ['lastProbeTime', 'lastTransitionTime'],
  'events.v1.Event': ['deprecatedFirstTimestamp', 'deprecatedLastTimestamp', 'eventTime'],
}

/** Fields that the server writes as null where they are empty: Go's slices, maps and pointers without `omitempty`. */
function nullsOf(name: string, { properties = {}, required = [] }: OpenApiType): string[] {
  const found = required.filter((field) => {
    const property = properties[field]
    return property !== undefined && property.default === undefined && typeof typeOf(property) !== 'string'
  })
  return [...found, ...(OPTIONAL_NULLS[name] ?? [])]
}

function definitionOf(name: string, type: OpenApiType): Definition {
  const properties = type.properties ?? {}
  const defaults = defaultsOf(properties)
  const nulls = nullsOf(name, type)
  return {
    fields: Object.fromEntries(Object.entries(properties).map(([name, member]) => [name, typeOf(member)])),
    ...(type['x-kubernetes-map-type'] === 'atomic' ? { isAtomic: true } : {}),
    ...(Object.keys(defaults).length === 0 ? {} : { defaults }),
    ...(nulls.length === 0 ? {} : { nulls }),
  }
}

function referencesOf(type: FieldType): string[] {
  if (typeof type === 'string') return []
  if ('ref' in type) return [type.ref]
  return referencesOf('list' in type ? type.list : type.map)
}

/**
 * The part of a server's OpenAPI documents that the simulator works by: field types, list and map kinds, merge keys.
 *
 * @param kinds the roots, as `apps/v1 Deployment`; what they refer to comes with them
 * @throws Error where a document describes none of the versions of a kind that is asked for
 */
export function schemaFromOpenApi(documents: readonly OpenApiDocument[], kinds: readonly string[]): Schema {
  const types = new Map<string, OpenApiType>(
    documents.flatMap((document) => Object.entries(document.components?.schemas ?? {})),
  )
  const byShortName = new Map([...types].map(([name, type]) => [shortName(name), type]))
  const schema: Schema = { kinds: {}, definitions: {} }
  const waiting: string[] = []
  for (const kind of kinds) {
    const found = [...types].find(([, type]) => type['x-kubernetes-group-version-kind']?.some((it) => isKind(it, kind)))
    if (found === undefined) throw new Error(`OpenAPI documents: expected a description of ${kind}, found none`)
    schema.kinds[kind] = shortName(found[0])
    waiting.push(shortName(found[0]))
  }
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const type = byShortName.get(name)
    if (type === undefined || name in schema.definitions) continue
    const definition = definitionOf(name, type)
    schema.definitions[name] = definition
    waiting.push(...Object.values(definition.fields).flatMap(referencesOf))
  }
  schema.definitions = Object.fromEntries(Object.entries(schema.definitions).sort(([a], [b]) => (a < b ? -1 : 1)))
  return schema
}

function isKind(it: { group: string; version: string; kind: string }, kind: string): boolean {
  return `${it.group === '' ? '' : `${it.group}/`}${it.version} ${it.kind}` === kind
}
