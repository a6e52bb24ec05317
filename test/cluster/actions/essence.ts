import type { KubernetesObject, Node } from '@kubewise/kube'

/** Counters that controllers keep on what they roll out: they only go up. */
const COUNTERS: ReadonlySet<string> = new Set([
  'deployment.kubernetes.io/revision',
  'deprecated.daemonset.template.generation',
])

/** What an object is, without what says when and by whom it was changed: our notes, the controllers' and the server's. */
export function essenceOf({ metadata, ...object }: KubernetesObject) {
  const annotations = Object.entries(metadata?.annotations ?? {}).filter(
    ([key]) => !key.startsWith('kubewise.io/') && !COUNTERS.has(key),
  )
  const { spec } = object as Node
  const taints = spec?.taints?.map(({ timeAdded: _timeAdded, ...taint }) => taint)
  return { uid: metadata?.uid, labels: metadata?.labels, annotations, spec: { ...spec, ...(taints && { taints }) } }
}
