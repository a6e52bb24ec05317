import { connectKube, type Kube } from '@kubewise/kube'
import { silentLog, systemClock } from '@kubewise/service'
import { createSimulator, type AuditEntry } from '@kubewise/simulator'
import { discardNamespace } from '../cluster/arena.ts'
import { createAccount } from '../cluster/identity.ts'
import { keepOff, SPARE_NODES } from './subjects.ts'

/** A cluster on which executors die, simulated or real: what they did there is told by its API server's own log. */
export interface ClusterUnderTest extends AsyncDisposable {
  /** An administrator's, for making what executors work on. */
  kube: Kube
  /** What executors are given: a service account with least privilege. */
  kubeconfig: string
  /** What the executors' account has tried to write in a namespace, or, in '', to what has none; oldest first. */
  attempts(namespace: string): Promise<AuditEntry[]>
  /** A namespace is not needed any more; it need not be gone at once. */
  discard(namespace: string): Promise<void>
}

const ACCOUNT = 'kubewise-chaos'

/** The simulated one. */
export async function simulatedCluster(): Promise<ClusterUnderTest> {
  await using held = new AsyncDisposableStack()
  const simulator = await createSimulator({ clock: systemClock, nodes: SPARE_NODES.from + SPARE_NODES.count })
  held.defer(() => simulator.stop())
  const kubeconfig = simulator.kubeconfig()
  const kube = await connectKube({ kubeconfig, fieldManager: 'test', clock: systemClock, log: silentLog })
  const account = await createAccount(kube, ACCOUNT)
  await keepOff(kube)
  const kept = held.move()
  return {
    kube,
    kubeconfig: simulator.api.kubeconfigFor(ACCOUNT, ACCOUNT),
    attempts: async (namespace) =>
      simulator.audit().filter((entry) => entry.user === account && (entry.namespace ?? '') === namespace),
    // Whose victims are left would cost more with each run.
    discard: (name) => discardNamespace(kube, name),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}
