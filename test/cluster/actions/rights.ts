import type { Kube, KubernetesObject } from '@kubewise/kube'
import type { Permission, RbacRule } from '@kubewise/policy'
import { eventually } from '@kubewise/testkit'

const RBAC = { group: 'rbac.authorization.k8s.io', version: 'v1' }
const ROLE = { kind: 'Role', plural: 'roles', isNamespaced: true, ...RBAC }
const ROLE_BINDING = { kind: 'RoleBinding', plural: 'rolebindings', isNamespaced: true, ...RBAC }
const CLUSTER_ROLE = { kind: 'ClusterRole', plural: 'clusterroles', isNamespaced: false, ...RBAC }
const CLUSTER_ROLE_BINDING = { kind: 'ClusterRoleBinding', plural: 'clusterrolebindings', isNamespaced: false, ...RBAC }
const NAME = 'kubewise-actions-case'

const rule = (apiGroups: string, resources: string[], verbs: string[]): RbacRule => ({
  apiGroups: [apiGroups],
  resources,
  verbs,
})

/**
 * What an executor needs for any plan at all: to count the cluster, to look at a target, its pods and their owners and what
 * stands around it, to write Events.
 */
export const ANY_PLAN: readonly RbacRule[] = [
  rule('', ['namespaces', 'nodes'], ['get', 'list']),
  rule('', ['pods', 'services'], ['list']),
  rule('apps', ['deployments', 'statefulsets', 'daemonsets'], ['get', 'list']),
  rule('batch', ['jobs', 'cronjobs'], ['get']),
  rule('apps', ['replicasets'], ['get', 'list']),
  rule('apps', ['controllerrevisions'], ['list']),
  rule('policy', ['poddisruptionbudgets'], ['list']),
  rule('autoscaling', ['horizontalpodautoscalers'], ['list']),
  rule('events.k8s.io', ['events'], ['create', 'patch']),
]

const resourceOf = ({ resource, subresource }: Permission) => (subresource ? `${resource}/${subresource}` : resource)
const isGivenAnyway = (need: Permission) =>
  ANY_PLAN.some(
    ({ apiGroups, resources, verbs }) =>
      apiGroups.includes(need.group) && resources.includes(resourceOf(need)) && verbs.includes(need.verb),
  )

/** Of what an action claims, what it needs beyond what any plan does. */
export const ownNeeds = (needs: readonly Permission[]): Permission[] => needs.filter((need) => !isGivenAnyway(need))

/** `patch deployments`, `create pods/eviction` */
export const sayRight = (need: Permission): string => `${need.verb} ${resourceOf(need)}`

/** Who may get rights, and where: in one namespace, or (empty) on what lies in none. */
export interface Grantee {
  kube: Kube
  /** `system:serviceaccount:NAMESPACE:NAME` */
  user: string
  namespace: string
}

/** Binds the account to a role of this place alone, which is empty yet; one that is there stays. */
export async function bind({ kube, user, namespace }: Grantee): Promise<void> {
  const [, , home = '', name = ''] = user.split(':')
  const subjects = [{ kind: 'ServiceAccount', name, namespace: home }]
  const [role, binding] = namespace === '' ? [CLUSTER_ROLE, CLUSTER_ROLE_BINDING] : [ROLE, ROLE_BINDING]
  const metadata = { name: NAME, ...(namespace !== '' && { namespace }) }
  if (await kube.get(role, metadata)) return
  await kube.create(role, { metadata, rules: [] } as KubernetesObject)
  const roleRef = { apiGroup: RBAC.group, kind: role.kind, name: NAME }
  await kube.create(binding, { metadata, roleRef, subjects } as KubernetesObject)
}

/** Takes away what {@link bind} made on what lies in no namespace, if it is there. */
export async function unbind(kube: Kube): Promise<void> {
  for (const resource of [CLUSTER_ROLE_BINDING, CLUSTER_ROLE]) {
    const uid = (await kube.get(resource, { name: NAME }))?.metadata?.uid
    if (uid) await kube.delete(resource, { name: NAME }, uid)
  }
}

/** Gives the account these rights in this place and no others, and waits until the API server says so of each of `all`. */
export async function grant(
  { kube, user, namespace }: Grantee,
  given: readonly Permission[],
  all: readonly Permission[],
): Promise<void> {
  const rules = given.map((need) => rule(need.group, [resourceOf(need)], [need.verb]))
  const ref = { name: NAME, ...(namespace !== '' && { namespace }) }
  const role = namespace === '' ? CLUSTER_ROLE : ROLE
  await kube.patch(role, ref, { type: 'merge', body: { rules } })
  const givenRights = new Set(given.map(sayRight))
  const isInForce = async () => {
    const asked = all.map(async (need) => {
      const { isAllowed } = await kube.canI({ ...need, user, ...(namespace !== '' && { namespace }) })
      return isAllowed === givenRights.has(sayRight(need))
    })
    return (await Promise.all(asked)).every(Boolean)
  }
  await eventually(isInForce, {
    everyMs: 50,
    say: `the rights of ${user} in ${namespace || 'the cluster'} are in force`,
  })
}
