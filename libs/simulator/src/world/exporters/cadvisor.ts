import { RESOURCES, type Pod } from '@kubewise/kube'
import type { ObjectStore } from '../../port.ts'
import { metric, type Labels } from '../../prometheus/series/labels.ts'
import type { Sample } from '../../prometheus/series/series-store.ts'
import { amountOf } from '../objects/amounts.ts'
import { fullImageName } from '../kubelet/image.ts'
import type { Kubelets } from '../kubelet/kubelet.ts'
import type { ContainerRuntime, PodRuntime } from '../kubelet/runtime.ts'

const FAMILIES: Record<string, (container: ContainerRuntime) => number | undefined> = {
  container_cpu_usage_seconds_total: ({ usage }) => usage.cpuSeconds,
  container_cpu_cfs_periods_total: ({ usage }) => (usage.periods > 0 ? usage.periods : undefined),
  container_cpu_cfs_throttled_periods_total: ({ usage }) => (usage.periods > 0 ? usage.throttledPeriods : undefined),
  container_cpu_cfs_throttled_seconds_total: ({ usage }) => (usage.periods > 0 ? usage.throttledSeconds : undefined),
  container_memory_working_set_bytes: ({ usage }) => Math.round(usage.memoryBytes),
  container_memory_rss: ({ usage }) => Math.round(usage.memoryBytes * 0.92),
  container_memory_usage_bytes: ({ usage }) => Math.round(usage.memoryBytes * 1.08),
  container_oom_events_total: ({ oomKills }) => oomKills,
  container_spec_memory_limit_bytes: ({ granted }) => amountOf(granted.limits?.['memory']) ?? 0,
  container_start_time_seconds: ({ startedMs }) => startedMs / 1000,
}

/**
 * What containers use, as the kubelet's cAdvisor shows it for those that run on live nodes. The labels `id` and `name`, which
 * change with every restart, are left out as most installations drop them, so that a restart shows as a counter reset.
 */
export function createCadvisorExporter(objects: ObjectStore, kubelets: Kubelets): () => Sample[] {
  const labels = new WeakMap<ContainerRuntime, Map<string, Labels>>()

  function labelsOf(pod: Pod, container: ContainerRuntime): Map<string, Labels> {
    const known = labels.get(container)
    if (known) return known
    const shared = {
      job: 'kubelet',
      instance: pod.spec?.nodeName,
      namespace: pod.metadata?.namespace,
      pod: pod.metadata?.name,
      container: container.spec.name,
      image: fullImageName(container.spec.image ?? ''),
    }
    const created = new Map(Object.keys(FAMILIES).map((name) => [name, metric(name, shared)]))
    labels.set(container, created)
    return created
  }

  function samplesOf(pod: Pod, runtime: PodRuntime): Sample[] {
    const samples: Sample[] = []
    for (const container of runtime.containers) {
      if (container.phase !== 'running') continue
      for (const [name, seriesLabels] of labelsOf(pod, container)) {
        const value = FAMILIES[name]?.(container)
        if (value !== undefined) samples.push({ labels: seriesLabels, value })
      }
    }
    return samples
  }

  return () =>
    objects.list<Pod>(RESOURCES.Pod).flatMap((pod) => {
      const runtime = kubelets.isAlive(pod.spec?.nodeName ?? '')
        ? kubelets.runtimes.get(pod.metadata?.uid ?? '')
        : undefined
      return runtime ? samplesOf(pod, runtime) : []
    })
}
