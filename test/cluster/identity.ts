import { readFile } from 'node:fs/promises'
import { RESOURCES, type Kube, type KubernetesObject } from '@kubewise/kube'
import { ACTIONS, rbacFor, type RbacRule } from '@kubewise/policy'
import { eventually } from '@kubewise/testkit'
import { parse } from 'yaml'

const CORE = { group: '', version: 'v1' }
const RBAC = { group: 'rbac.authorization.k8s.io', version: 'v1' }
const NAMESPACE = { kind: 'Namespace', plural: 'namespaces', isNamespaced: false, ...CORE }
const SERVICE_ACCOUNT = { kind: 'ServiceAccount', plural: 'serviceaccounts', isNamespaced: true, ...CORE }
const TOKEN = { kind: 'Secret', plural: 'secrets', isNamespaced: true, ...CORE }
const CLUSTER_ROLE = { kind: 'ClusterRole', plural: 'clusterroles', isNamespaced: false, ...RBAC }
const CLUSTER_ROLE_BINDING = { kind: 'ClusterRoleBinding', plural: 'clusterrolebindings', isNamespaced: false, ...RBAC }

/** As much of a kubeconfig as is used. */
interface Kubeconfig {
  'current-context': string
  contexts: { name: string; context: { cluster: string } }[]
  clusters: { name: string; cluster: object }[]
}

/** What reading needs: every kind that KubeWise knows but no Secret, no ConfigMap's content beyond the kill switch, no logs, no exec. */
export function readRules(): RbacRule[] {
  const readable = Object.values(RESOURCES).filter(({ kind }) => kind !== 'ConfigMap')
  return [...Map.groupBy(readable, ({ group }) => group)].map(([group, resources]) => ({
    apiGroups: [group],
    resources: [...new Set(resources.map(({ plural }) => plural))],
    verbs: ['get', 'list', 'watch'],
  }))
}

/** Only these may KubeWise do in the test: what its actions say that they need, and Events. */
export const writeRules = (): RbacRule[] => [
  ...rbacFor(ACTIONS),
  { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] },
]

/**
 * A service account with least privilege for KubeWise, so that the API server's audit log tells its writes from the test's.
 *
 * @param rules what it may do in the whole cluster
 * @returns its user name in the audit log
 */
export async function createAccount(
  admin: Kube,
  name: string,
  rules: readonly RbacRule[] = [...readRules(), ...writeRules()],
): Promise<string> {
  const namespace = name
  await admin.create(NAMESPACE, { metadata: { name } })
  await admin.create(SERVICE_ACCOUNT, { metadata: { name, namespace } })
  await admin.create(CLUSTER_ROLE, { metadata: { name }, rules } as KubernetesObject)
  await admin.create(CLUSTER_ROLE_BINDING, {
    metadata: { name },
    roleRef: { apiGroup: RBAC.group, kind: 'ClusterRole', name },
    subjects: [{ kind: 'ServiceAccount', name, namespace }],
  } as KubernetesObject)
  return `system:serviceaccount:${namespace}:${name}`
}

/**
 * The same account with a token.
 *
 * @returns its kubeconfig (YAML is a superset of JSON) and its user name in the audit log
 */
export async function createIdentity(
  admin: Kube,
  kubeconfigFile: string,
  name: string,
  rules?: readonly RbacRule[],
): Promise<{ kubeconfig: string; user: string }> {
  const namespace = name
  const user = await createAccount(admin, name, rules)
  const secret = {
    metadata: { name, namespace, annotations: { 'kubernetes.io/service-account.name': name } },
    type: 'kubernetes.io/service-account-token',
  }
  await admin.create(TOKEN, secret)
  const token = await eventually(
    async () =>
      (await admin.get<KubernetesObject & { data?: { token?: string } }>(TOKEN, { namespace, name }))?.data?.token,
    { say: 'the service account has a token' },
  )
  const file = parse(await readFile(kubeconfigFile, 'utf8')) as Kubeconfig
  const context = file.contexts.find(({ name: of }) => of === file['current-context'])?.context
  const cluster = file.clusters.find(({ name: of }) => of === context?.cluster)?.cluster
  const kubeconfig = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster }],
    users: [{ name: 'kubewise', user: { token: Buffer.from(token, 'base64').toString() } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'kubewise' } }],
    'current-context': 'test',
  })
  return { kubeconfig, user }
}

export async function deleteIdentity(admin: Kube, name: string): Promise<void> {
  for (const [resource, ref] of [
    [CLUSTER_ROLE_BINDING, { name }],
    [CLUSTER_ROLE, { name }],
    [NAMESPACE, { name }],
  ] as const) {
    const uid = (await admin.get(resource, ref))?.metadata?.uid
    if (uid) await admin.delete(resource, ref, uid)
  }
}
