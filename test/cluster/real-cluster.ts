import { connectKube, RESOURCES } from '@kubewise/kube'
import { silentLog, systemClock } from '@kubewise/service'
import type { ClusterUnderTest } from '../chaos/cluster.ts'
import { NAMESPACE_PREFIX } from '../chaos/executor.ts'
import { deleteNamespace } from './arena.ts'
import { endOf, writesOf } from './audit-log.ts'
import { createIdentity, deleteIdentity } from './identity.ts'

const ACCOUNT = 'kubewise-chaos'

/** A real cluster; what an earlier run has left in it is cleared away first, and in the end everything is. */
export async function realCluster(kubeconfigFile: string, auditLog: string): Promise<ClusterUnderTest> {
  const kube = await connectKube({
    kubeconfig: kubeconfigFile,
    fieldManager: 'test',
    clock: systemClock,
    log: silentLog,
  })
  const clear = async () => {
    await deleteIdentity(kube, ACCOUNT)
    const { items } = await kube.list(RESOURCES.Namespace)
    const names = items.flatMap(({ metadata }) => metadata?.name ?? [])
    const ours = names.filter((name) => name === ACCOUNT || name.startsWith(NAMESPACE_PREFIX))
    await Promise.all(ours.map((name) => deleteNamespace(kube, name)))
  }
  await clear()
  const { kubeconfig, user } = await createIdentity(kube, kubeconfigFile, ACCOUNT)
  const from = await endOf(auditLog)
  return {
    kube,
    kubeconfig,
    attempts: async (namespace) =>
      (await writesOf(auditLog, user, from)).filter((write) => write.namespace === namespace),
    async discard(name) {
      const uid = (await kube.get(RESOURCES.Namespace, { name }))?.metadata?.uid
      if (uid) await kube.delete(RESOURCES.Namespace, { name }, uid)
    },
    [Symbol.asyncDispose]: clear,
  }
}
