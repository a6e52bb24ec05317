import type { KubernetesObject, Resource } from '@kubewise/kube'

export interface PolicyRule {
  verbs: string[]
  apiGroups?: string[]
  resources?: string[]
  resourceNames?: string[]
  nonResourceURLs?: string[]
}

export interface Role extends KubernetesObject {
  rules?: PolicyRule[]
}

export interface RbacSubject {
  kind: string
  name: string
  namespace?: string
}

export interface RoleBinding extends KubernetesObject {
  roleRef: { apiGroup?: string; kind: string; name: string }
  subjects?: RbacSubject[]
}

const GROUP = { group: 'rbac.authorization.k8s.io', version: 'v1' }

export const RBAC = {
  Role: { ...GROUP, kind: 'Role', plural: 'roles', isNamespaced: true },
  RoleBinding: { ...GROUP, kind: 'RoleBinding', plural: 'rolebindings', isNamespaced: true },
  ClusterRole: { ...GROUP, kind: 'ClusterRole', plural: 'clusterroles', isNamespaced: false },
  ClusterRoleBinding: { ...GROUP, kind: 'ClusterRoleBinding', plural: 'clusterrolebindings', isNamespaced: false },
} as const satisfies Record<string, Resource>
