import { ownerOf } from '@kubewise/bus'
import { fnv1a32 } from '@kubewise/contracts'
import type { LabelSet, Metric } from '@kubewise/metrics'

/** Of each metric that a member measures, the shards of namespaces that are its own. */
export type Share = ReadonlyMap<string, ReadonlySet<number>>

/**
 * What one of the live members measures. Each pair of a query and a shard of namespaces belongs to exactly one of them; with one shard
 * that is the whole query.
 *
 * PromQL cannot hash a label, so a shard cannot be asked for: each member that owns a shard of a query asks the whole of it and keeps
 * its own namespaces. Shards divide what a series costs here (index, batches, the bus), not what a query costs Prometheus, which is
 * asked it once by each of those members, nor the reading of its answer.
 */
export function shareOf(member: string, members: readonly string[], metrics: readonly Metric[], shards: number): Share {
  const share = new Map<string, ReadonlySet<number>>()
  for (const { name } of metrics) {
    const mine = Array.from({ length: shards }, (_, shard) => shard).filter(
      (shard) => ownerOf(`${name}/${shard}`, members) === member,
    )
    if (mine.length > 0) share.set(name, new Set(mine))
  }
  return share
}

/** The shard of a series, by the namespace that it is about. What lies in none, nodes say, is all in one shard. */
export function shardOf({ owners = [] }: Pick<Metric, 'owners'>, labels: LabelSet, shards: number): number {
  const own = owners.find(({ namespace, name }) => textOf(labels, namespace) && textOf(labels, name))
  return fnv1a32(textOf(labels, own?.namespace ?? 'namespace')) % shards
}

const textOf = (labels: LabelSet, name: string): string => (Object.hasOwn(labels, name) ? labels[name]! : '')
