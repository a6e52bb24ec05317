import { conditionOf, RESOURCES, type Kube, type KubernetesObject, type Node } from '@kubewise/kube'
import { eventually, startProcess } from '@kubewise/testkit'

/** Keeps every pod away that does not say that it is made for such nodes. */
export const HOLLOW = 'kubewise.test/hollow'

const nodeOf = (name: string): KubernetesObject =>
  ({
    metadata: {
      name,
      labels: { [HOLLOW]: 'true', 'kubewise.io/managed': 'true' },
      annotations: { 'kwok.x-k8s.io/node': 'fake' },
    },
    spec: { taints: [{ key: HOLLOW, effect: 'NoSchedule' }] },
    status: { allocatable: { cpu: '4', memory: '4Gi', pods: '20' }, capacity: { cpu: '4', memory: '4Gi', pods: '20' } },
  }) as KubernetesObject

/** Takes it away, if it is there. */
export async function removeNode(kube: Kube, name: string): Promise<void> {
  const uid = (await kube.get(RESOURCES.Node, { name }))?.metadata?.uid
  if (uid) await kube.delete(RESOURCES.Node, { name }, uid)
}

/**
 * A node whose pods run in name only: played by kwok, so that it can be drained and nothing of the cluster is touched. One of
 * them alone, since two that are late with a heartbeat would be a storm.
 *
 * @param kwok the program
 */
export async function startHollowNode(
  kube: Kube,
  { kwok, kubeconfigFile, name }: { kwok: string; kubeconfigFile: string; name: string },
): Promise<AsyncDisposable> {
  await using held = new AsyncDisposableStack()
  await kube.create(RESOURCES.Node, nodeOf(name))
  held.defer(() => removeNode(kube, name))
  const options = [
    '--kubeconfig',
    kubeconfigFile,
    '--manage-all-nodes=false',
    '--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake',
    // Without leases the node controller takes it for dead after a while.
    '--node-lease-duration-seconds=40',
  ]
  const isReady = async () => {
    const node = await kube.get<Node>(RESOURCES.Node, { name })
    return conditionOf({ status: node?.status ?? {} }, 'Ready')?.status === 'True'
  }
  const up = async (output: () => string) =>
    void (await eventually(isReady, {
      timeoutMs: 60_000,
      everyMs: 250,
      say: () => `kwok plays the node: ${output().slice(-1000)}`,
    }))
  held.use(await startProcess(() => ({ program: kwok, options, up })))
  return held.move()
}
