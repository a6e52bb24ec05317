import { RESOURCES, type Kube, type Node } from '@kubewise/kube'

const MANAGED = 'kubewise.io/managed'

/** A node of the cluster that is opted in for as long as it is borrowed, then given back as it was. */
export interface Borrowed extends AsyncDisposable {
  name: string
}

/** Our own notes on it go too. */
const notes = (node: Node): object =>
  Object.fromEntries(
    Object.keys(node.metadata?.annotations ?? {})
      .filter((key) => key.startsWith('kubewise.io/'))
      .map((key) => [key, null]),
  )

/** Taints that the node controller sets by itself, and takes away again. */
const isControllers = ({ key }: { key: string }) => key.startsWith('node.kubernetes.io/')

export async function borrowNode(kube: Kube): Promise<Borrowed> {
  const { items } = await kube.list<Node>(RESOURCES.Node)
  const name = items[0]?.metadata?.name ?? ''
  const patch = (body: object) => kube.patch<Node>(RESOURCES.Node, { name }, { type: 'merge', body })
  const taints = items[0]?.spec?.taints?.filter((taint) => !isControllers(taint))
  await patch({ metadata: { labels: { [MANAGED]: 'true' } } })
  return {
    name,
    async [Symbol.asyncDispose]() {
      const node = await kube.get<Node>(RESOURCES.Node, { name })
      const annotations = node && notes(node)
      await patch({
        metadata: { labels: { [MANAGED]: null }, annotations },
        spec: { unschedulable: null, taints: taints?.length ? taints : null },
      })
    },
  }
}
