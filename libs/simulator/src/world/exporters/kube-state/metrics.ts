import type { Condition, KubernetesObject } from '@kubewise/kube'
import { metric } from '../../../prometheus/series/labels.ts'
import type { Sample } from '../../../prometheus/series/series-store.ts'

export type MetricLabels = Record<string, string | undefined>

/** What kube-state-metrics' own target adds to every series. */
const TARGET = { job: 'kube-state-metrics', instance: 'kube-state-metrics:8080' }

/** Builds samples that share labels; an undefined value is left out. */
export function family(shared: MetricLabels) {
  return (name: string, value: number | boolean | undefined, labels: MetricLabels = {}): Sample[] =>
    value === undefined ? [] : [{ labels: metric(name, { ...TARGET, ...shared, ...labels }), value: Number(value) }]
}

/** Three series for each condition, of which one is 1. */
export function conditionSamples(
  add: ReturnType<typeof family>,
  name: string,
  conditions: readonly Condition[] | undefined,
  more: (condition: Condition) => MetricLabels = () => ({}),
): Sample[] {
  return (conditions ?? []).flatMap((condition) =>
    ['True', 'False', 'Unknown'].flatMap((status) =>
      add(name, condition.status === status, {
        ...more(condition),
        condition: condition.type,
        status: status.toLowerCase(),
      }),
    ),
  )
}

export function createdSeconds(object: KubernetesObject): number | undefined {
  const ms = Date.parse(object.metadata?.creationTimestamp ?? '')
  return Number.isNaN(ms) ? undefined : ms / 1000
}
