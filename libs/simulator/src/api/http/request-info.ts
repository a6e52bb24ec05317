/** What a path and method ask for, in the terms of the API. */
export interface ResourceRequest {
  verb: string
  group: string
  version: string
  resource: string
  subresource?: string
  namespace?: string
  name?: string
}

const VERB_BY_METHOD: Record<string, string> = { POST: 'create', PUT: 'update', PATCH: 'patch' }

function verbOf(method: string, name: string | undefined, query: URLSearchParams): string {
  if (method === 'GET' || method === 'HEAD') {
    if (['true', '1'].includes(query.get('watch') ?? '')) return 'watch'
    return name === undefined ? 'list' : 'get'
  }
  if (method === 'DELETE') return name === undefined ? 'deletecollection' : 'delete'
  return VERB_BY_METHOD[method] ?? method.toLowerCase()
}

interface Place {
  namespace?: string
  resource: string
  name?: string
  subresource?: string
}

/** `namespaces` is a resource as well as where others are. */
function placeOf(segments: readonly string[]): Place | undefined {
  const [first, second, third, ...rest] = segments
  if (first === undefined) return undefined
  const isInNamespace = first === 'namespaces' && second !== undefined && third !== undefined
  if (isInNamespace && !['status', 'finalize'].includes(third)) {
    const inner = placeOf([third, ...rest])
    return inner && { ...inner, namespace: second }
  }
  return {
    resource: first,
    ...(second === undefined ? {} : { name: second }),
    ...(third === undefined ? {} : { subresource: third }),
    ...(first === 'namespaces' && second !== undefined ? { namespace: second } : {}),
  }
}

/** @returns undefined for a path that names no resource, such as `/version` or `/apis/apps/v1` */
export function parseResourceRequest(method: string, url: URL): ResourceRequest | undefined {
  const segments = url.pathname
    .split('/')
    .filter((segment) => segment !== '')
    .map(decodeURIComponent)
  const isCore = segments[0] === 'api'
  if (!isCore && segments[0] !== 'apis') return undefined
  const [group, version, ...place] = isCore ? ['', ...segments.slice(1)] : segments.slice(1)
  const found = placeOf(place)
  if (group === undefined || version === undefined || found === undefined) return undefined
  const { resource, namespace, name, subresource } = found
  return {
    verb: verbOf(method, name, url.searchParams),
    group,
    version,
    resource,
    ...(subresource === undefined ? {} : { subresource }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
  }
}
