import type { Call, Client } from './client.ts'
import { isKubeError, isRecord, KubeError } from './errors.ts'
import type { KubernetesObject } from './objects.ts'
import { collectionPath, selectorQuery } from './paths.ts'
import type { ListOptions, ListResult, Resource } from './port.ts'
import { apiVersionOf, RESOURCES } from './resources.ts'

const PAGE_SIZE = 500

interface Page<T> {
  items: T[]
  resourceVersion: string
  next: string
}

/** An object of the API has at least a named `metadata`; @throws KubeError `malformed` for anything else */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the one place where JSON becomes an object
export function asObject<T extends KubernetesObject>(value: unknown, resource: Resource): T {
  if (!isRecord(value) || !isRecord(value['metadata']) || typeof value['metadata']['name'] !== 'string') {
    throw new KubeError({
      kind: 'malformed',
      reason: 'NotAnObject',
      message: `expected a ${resource.kind} with a name`,
    })
  }
  // The items of a typed list lack both.
  value['apiVersion'] ??= apiVersionOf(resource)
  value['kind'] ??= resource.kind
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the rest of the shape is the API server's word
  return value as T
}

/** metrics-server stores nothing, so its lists have no version: `metadata` is empty. */
const unversioned = ({ group }: Resource) => (group === RESOURCES.NodeMetrics.group ? '' : undefined)

function asPage<T extends KubernetesObject>(answer: Record<string, unknown>, resource: Resource): Page<T> {
  const { items, metadata } = answer
  // Go writes an empty list as null.
  const values = items ?? []
  const resourceVersion = isRecord(metadata) ? (metadata['resourceVersion'] ?? unversioned(resource)) : undefined
  if (!Array.isArray(values) || !isRecord(metadata) || typeof resourceVersion !== 'string') {
    throw new KubeError({ kind: 'malformed', reason: 'NotAList', message: `expected a list of ${resource.kind}` })
  }
  const next = metadata['continue']
  return {
    items: values.map((item: unknown) => asObject<T>(item, resource)),
    resourceVersion,
    next: typeof next === 'string' ? next : '',
  }
}

function pageCall(
  resource: Resource,
  options: ListOptions,
  limit: number | undefined,
  next: string,
  signal: AbortSignal | undefined,
): Call {
  const page = {
    ...(limit === undefined ? {} : { limit: String(limit) }),
    ...(next === '' ? {} : { continue: next }),
  }
  return {
    method: 'GET',
    path: collectionPath(resource, options.namespace),
    query: { ...selectorQuery(options), ...page },
    what: resource.plural,
    isList: true,
    signal,
  }
}

async function readPages<T extends KubernetesObject>(
  client: Client,
  resource: Resource,
  options: ListOptions,
  limit: number | undefined,
  signal: AbortSignal | undefined,
): Promise<ListResult<T>> {
  const items: T[] = []
  let resourceVersion = ''
  let next = ''
  do {
    const call = pageCall(resource, options, limit, next, signal)
    const page = await client.json(call, (answer) => asPage<T>(answer, resource))
    items.push(...page.items)
    // All pages show the cluster as it was at the first one's version.
    resourceVersion ||= page.resourceVersion
    if (page.next !== '' && page.next === next) {
      throw new KubeError({ kind: 'malformed', reason: 'NotAList', message: `list of ${resource.kind} has no end` })
    }
    next = page.next
    if (next !== '' && options.atMost !== undefined && items.length >= options.atMost)
      return { items: items.slice(0, options.atMost), resourceVersion, isCut: true }
  } while (next !== '')
  return { items, resourceVersion }
}

/**
 * The whole collection, read in pages of 500 at one version. When that version expires between two pages (410), it is
 * read again in one piece, as client-go's pager does: paging that was too slow once would be again.
 */
export async function listAll<T extends KubernetesObject>(
  client: Client,
  resource: Resource,
  options: ListOptions = {},
  signal?: AbortSignal,
): Promise<ListResult<T>> {
  try {
    return await readPages(client, resource, options, Math.min(PAGE_SIZE, options.atMost ?? PAGE_SIZE), signal)
  } catch (error) {
    if (!isKubeError(error, 'gone')) throw error
    return readPages(client, resource, options, undefined, signal)
  }
}
