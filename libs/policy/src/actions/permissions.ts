import type { Permission } from '../action.ts'

const PLURALS: Readonly<Record<string, string>> = {
  Deployment: 'deployments',
  StatefulSet: 'statefulsets',
  DaemonSet: 'daemonsets',
}

/** The kinds whose pods come from a template that can be changed. */
export const WORKLOAD_KINDS: readonly string[] = Object.keys(PLURALS)

/** Evicts one pod, which is looked at before and after. */
export const EVICTION: readonly Permission[] = [
  { group: '', resource: 'pods', verb: 'get' },
  { group: '', resource: 'pods', subresource: 'eviction', verb: 'create' },
]

/** Changes a workload in place; a StatefulSet's broken pods must be replaced too, since its controller waits for them. */
export function patchOf(kind: string): readonly Permission[] {
  const resource = PLURALS[kind]
  if (resource === undefined) return []
  const patch = ['get', 'patch'].map((verb) => ({ group: 'apps', resource, verb }))
  return kind === 'StatefulSet' ? [...patch, { group: '', resource: 'pods', verb: 'list' }, ...EVICTION] : patch
}

/** Reads the revisions that a workload can be brought back to. */
export function historyOf(kind: string): readonly Permission[] {
  return [{ group: 'apps', resource: kind === 'Deployment' ? 'replicasets' : 'controllerrevisions', verb: 'list' }]
}
