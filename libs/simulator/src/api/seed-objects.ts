import { RESOURCES, type KubernetesObject } from '@kubewise/kube'
import type { ObjectStore } from '../port.ts'
import { RBAC, type PolicyRule, type Role, type RoleBinding } from './access/rbac-objects.ts'
import { MASTERS } from './access/user.ts'
import { PRIORITY_CLASS } from './admission/pod-defaults.ts'
import { API_RESOURCES } from './resources.ts'

const MANAGER = 'kube-apiserver'
const NAMESPACES = ['default', 'kube-node-lease', 'kube-public', 'kube-system']

/** What everybody may see who may see anything: all resources that are in namespaces, but for those of access itself. */
function viewRules(): PolicyRule[] {
  const rows = API_RESOURCES.filter(
    (row) => row.isNamespaced && row.verbs.includes('get') && row.group !== RBAC.Role.group,
  )
  return [...Map.groupBy(rows, (row) => row.group)].map(([group, members]) => ({
    verbs: ['get', 'list', 'watch'],
    apiGroups: [group],
    resources: members.flatMap((row) => [row.plural, ...row.subresources.map((name) => `${row.plural}/${name}`)]),
  }))
}

function seedAccess(objects: ObjectStore): void {
  const everything: PolicyRule[] = [
    { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
    { verbs: ['*'], nonResourceURLs: ['*'] },
  ]
  objects.create<Role>(RBAC.ClusterRole, { metadata: { name: 'cluster-admin' }, rules: everything }, MANAGER)
  objects.create<Role>(RBAC.ClusterRole, { metadata: { name: 'view' }, rules: viewRules() }, MANAGER)
  const admins: RoleBinding = {
    metadata: { name: 'cluster-admin' },
    roleRef: { apiGroup: RBAC.Role.group, kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'Group', name: MASTERS }],
  }
  objects.create(RBAC.ClusterRoleBinding, admins, MANAGER)
}

/** What a new cluster has: namespaces, roles, the two priorities of the system. */
export function seedObjects(objects: ObjectStore): void {
  for (const name of NAMESPACES) {
    const labels = { 'kubernetes.io/metadata.name': name }
    const namespace: KubernetesObject & { spec: object; status: object } = {
      metadata: { name, labels },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    }
    objects.create(RESOURCES.Namespace, namespace, MANAGER)
  }
  seedAccess(objects)
  const priorities = { 'system-cluster-critical': 2_000_000_000, 'system-node-critical': 2_000_001_000 }
  for (const [name, value] of Object.entries(priorities)) {
    const priorityClass: KubernetesObject & { value: number; preemptionPolicy: string } = {
      metadata: { name },
      value,
      preemptionPolicy: 'PreemptLowerPriority',
    }
    objects.create(PRIORITY_CLASS, priorityClass, MANAGER)
  }
}
