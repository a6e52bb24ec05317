import type { Impact, Permission } from '../action.ts'

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

/** Reads one kind of object, and changes it in place. */
export const changeOf = (group: string, resource: string): readonly Permission[] =>
  ['get', 'patch'].map((verb) => ({ group, resource, verb }))

const GROUPS: Readonly<Record<string, string>> = { Job: 'batch', CronJob: 'batch' }

/** Reads one object of a kind that has pods. */
export function readOf(kind: string): readonly Permission[] {
  const resource = PLURALS[kind] ?? `${kind.toLowerCase()}s`
  return [{ group: GROUPS[kind] ?? 'apps', resource, verb: 'get' }]
}

/** No pod is replaced or taken away. */
export const NO_IMPACT = (): Impact => ({ pods: 0, readyPodsTaken: 0, restarts: false })

/** Changes a workload in place; a StatefulSet's broken pods must be replaced too, since its controller waits for them. */
export function patchOf(kind: string): readonly Permission[] {
  const resource = PLURALS[kind]
  if (resource === undefined) return []
  const patch = changeOf('apps', resource)
  return kind === 'StatefulSet' ? [...patch, { group: '', resource: 'pods', verb: 'list' }, ...EVICTION] : patch
}

/** Reads the revisions that a workload can be brought back to. */
export function historyOf(kind: string): readonly Permission[] {
  return [{ group: 'apps', resource: kind === 'Deployment' ? 'replicasets' : 'controllerrevisions', verb: 'list' }]
}
