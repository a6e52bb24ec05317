import type { ActionSpec, Permission } from './action.ts'

/** One rule of a Kubernetes Role. */
export interface RbacRule {
  apiGroups: string[]
  resources: string[]
  verbs: string[]
}

const resourceOf = ({ resource, subresource }: Permission) => (subresource ? `${resource}/${subresource}` : resource)

/** The rules that a role needs for these actions on all their kinds, and no more; one a resource, sorted. */
export function rbacFor(actions: readonly ActionSpec[]): RbacRule[] {
  const permissions = actions.flatMap((action) => action.kinds.flatMap((kind) => action.needs(kind)))
  const byResource = Map.groupBy(permissions, (permission) => `${permission.group}/${resourceOf(permission)}`)
  return [...byResource.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, [first, ...rest]]) =>
      first
        ? {
            apiGroups: [first.group],
            resources: [resourceOf(first)],
            verbs: [...new Set([first, ...rest].map(({ verb }) => verb))].sort(),
          }
        : [],
    )
}
