import { verbsOf } from '../handlers/routes.ts'
import { API_RESOURCES, type ApiResource } from '../resources.ts'

/*
 * What a client asks before anything else: which groups, versions and resources there are. kubectl needs it all, and the
 * stub of OpenAPI that tells it the server validates fields.
 */

export const KUBERNETES_VERSION = 'v1.34.4'

interface GroupVersion {
  group: string
  version: string
}

const SUBRESOURCE_KINDS: Record<string, { kind: string; group: string; version: string }> = {
  scale: { kind: 'Scale', group: 'autoscaling', version: 'v1' },
  eviction: { kind: 'Eviction', group: 'policy', version: 'v1' },
  token: { kind: 'TokenRequest', group: 'authentication.k8s.io', version: 'v1' },
}

function groupVersions(): GroupVersion[] {
  const names = [...new Set(API_RESOURCES.map(({ group, version }) => `${group}/${version}`))]
  return names.map((name) => ({
    group: name.slice(0, name.lastIndexOf('/')),
    version: name.slice(name.lastIndexOf('/') + 1),
  }))
}

function nameOf({ group, version }: GroupVersion): string {
  return group === '' ? version : `${group}/${version}`
}

function apiGroup(group: string): object {
  const versions = groupVersions()
    .filter((it) => it.group === group)
    .map((it) => ({ groupVersion: nameOf(it), version: it.version }))
  return { name: group, versions, preferredVersion: versions[0] }
}

function resourceEntry(row: ApiResource): object {
  return {
    name: row.plural,
    singularName: row.singular,
    namespaced: row.isNamespaced,
    kind: row.kind,
    verbs: [...row.verbs].sort(),
    ...(row.shortNames.length === 0 ? {} : { shortNames: row.shortNames }),
    ...(row.categories.length === 0 ? {} : { categories: row.categories }),
  }
}

function subresourceEntries(row: ApiResource): object[] {
  return row.subresources.map((subresource) => ({
    name: `${row.plural}/${subresource}`,
    singularName: '',
    namespaced: row.isNamespaced,
    ...(SUBRESOURCE_KINDS[subresource] ?? { kind: row.kind }),
    verbs: verbsOf(subresource),
  }))
}

function resourceList({ group, version }: GroupVersion): object | undefined {
  const rows = API_RESOURCES.filter((row) => row.group === group && row.version === version)
  if (rows.length === 0) return undefined
  const resources = rows.flatMap((row) => [resourceEntry(row), ...subresourceEntries(row)])
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: nameOf({ group, version }), resources }
}

const VERSION = {
  major: '1',
  minor: '34',
  emulationMajor: '1',
  emulationMinor: '34',
  minCompatibilityMajor: '1',
  minCompatibilityMinor: '33',
  gitVersion: KUBERNETES_VERSION,
  gitCommit: 'simulated',
  gitTreeState: '',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: 'none',
  compiler: 'none',
  platform: 'kubewise/simulator',
}

const FIELD_VALIDATION = { name: 'fieldValidation', in: 'query', schema: { type: 'string' } }

function openApiPaths(): object {
  const entries = groupVersions().map((it) => {
    const path = it.group === '' ? `api/${it.version}` : `apis/${it.group}/${it.version}`
    return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=simulated` }]
  })
  return { paths: Object.fromEntries(entries) as object }
}

/** Enough for kubectl to leave the validation of fields to the server. */
function openApiDocument(group: string, version: string): object {
  const rows = API_RESOURCES.filter((row) => row.group === group && row.version === version)
  const base = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
  const paths = rows.map((row) => {
    const place = row.isNamespaced ? `${base}/namespaces/{namespace}` : base
    const gvk = { group, version, kind: row.kind }
    const operation = { parameters: [FIELD_VALIDATION], 'x-kubernetes-group-version-kind': gvk, responses: {} }
    return [`${place}/${row.plural}/{name}`, { patch: operation, post: operation, put: operation }]
  })
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: KUBERNETES_VERSION },
    paths: Object.fromEntries(paths) as object,
  }
}

function coreVersions(): object {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: '' }],
  }
}

function groupList(): object {
  const groups = [...new Set(groupVersions().map(({ group }) => group))].filter((group) => group !== '')
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(apiGroup) }
}

/** The answer to a path that names no resource: an object for JSON, text otherwise; undefined where there is nothing. */
export function discover(path: string): object | string | undefined {
  if (['/healthz', '/livez', '/readyz'].includes(path)) return 'ok'
  if (path === '/version') return VERSION
  if (path === '/openapi/v2')
    return { swagger: '2.0', info: { title: 'Kubernetes', version: KUBERNETES_VERSION }, paths: {}, definitions: {} }
  if (path === '/openapi/v3') return openApiPaths()
  const [root = '', ...rest] = path.split('/').filter((segment) => segment !== '')
  if (root === 'openapi') return openApiDocument(rest[1] === 'api' ? '' : (rest[2] ?? ''), rest[rest.length - 1] ?? '')
  if (root === 'api') return rest.length === 0 ? coreVersions() : resourceList({ group: '', version: rest[0] ?? '' })
  if (root !== 'apis') return undefined
  const [group = '', version] = rest
  if (rest.length === 0) return groupList()
  if (version !== undefined) return resourceList({ group, version })
  const isKnown = API_RESOURCES.some((row) => row.group === group)
  return isKnown ? { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(group) } : undefined
}
