import type { NodeUsage, PodUsage, Reading, Usage } from './usage.ts'
import { present, UsageReader, type Fields } from './usage-reader.ts'

/**
 * Reads NodeMetrics and PodMetrics of `metrics.k8s.io`: CPU over the last window and the working set, no more. What is missing is left
 * out, what is something else is counted; never throws.
 *
 * @param nowMs when it was answered
 * @see https://github.com/kubernetes/metrics
 */
export function readResourceMetrics(nodes: readonly object[], pods: readonly object[], nowMs: number): Usage {
  const read = new UsageReader(nowMs)
  return {
    nodes: nodes.flatMap((one) => nodeIn(read, one as Fields) ?? []),
    pods: pods.flatMap((one) => podIn(read, one as Fields) ?? []),
    claims: [],
    malformed: read.malformed,
  }
}

function nodeIn(read: UsageReader, node: Fields): NodeUsage | undefined {
  const name = read.name(read.object(node, 'metadata'), 'name')
  return name === undefined ? undefined : { name, ...usedIn(read, node, read.timeMs(node, 'timestamp')) }
}

function podIn(read: UsageReader, pod: Fields): PodUsage | undefined {
  const metadata = read.object(pod, 'metadata')
  const [namespace, name] = [read.name(metadata, 'namespace'), read.name(metadata, 'name')]
  if (namespace === undefined || name === undefined) return undefined
  const timeMs = read.timeMs(pod, 'timestamp')
  const containers = read.objects(pod, 'containers').flatMap((container) => {
    const called = read.name(container, 'name')
    return called === undefined ? [] : [{ name: called, ...usedIn(read, container, timeMs) }]
  })
  return { namespace, name, containers }
}

function usedIn(read: UsageReader, from: Fields, timeMs: number | undefined): { cpu?: Reading; memory?: Reading } {
  const usage = read.object(from, 'usage')
  return present({
    cpu: read.reading(read.quantity(usage, 'cpu'), timeMs),
    memory: read.reading(read.quantity(usage, 'memory'), timeMs),
  })
}
