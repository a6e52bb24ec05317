import type { ClaimUsage, NodeUsage, PodUsage, Reading, Usage } from './usage.ts'
import { fullest, present, UsageReader, type Fields } from './usage-reader.ts'

const NANO = 1e9

/**
 * Reads a kubelet's `/stats/summary`. What is missing is left out (a container that has just begun, a node without volumes), what
 * is something else is counted; never throws.
 *
 * @param name the node that was asked: a kubelet speaks for its own node, whatever it calls it
 * @param nowMs when it was answered
 * @see https://kubernetes.io/docs/reference/instrumentation/node-metrics/
 */
export function readSummary(answer: Fields, name: string, nowMs: number): Usage {
  const read = new UsageReader(nowMs)
  const nodes = [nodeIn(read, name, read.object(answer, 'node'))]
  const claims: ClaimUsage[] = []
  const pods: PodUsage[] = []
  for (const pod of read.objects(answer, 'pods')) {
    const one = podIn(read, pod)
    if (one) pods.push(one)
    for (const volume of read.objects(pod, 'volume')) {
      const claim = claimIn(read, volume)
      if (claim) claims.push(claim)
    }
  }
  return { nodes, pods, claims: fullestOfEach(claims), malformed: read.malformed }
}

function nodeIn(read: UsageReader, name: string, node: Fields): NodeUsage {
  const runtime = read.object(node, 'runtime')
  const disks = [read.object(node, 'fs'), read.object(runtime, 'imageFs'), read.object(runtime, 'containerFs')]
  return {
    name,
    ...usedIn(read, node),
    ...present({
      diskPct: fullest(disks.map((disk) => usedPct(read, disk))),
      inodesPct: fullest(disks.map((disk) => inodesPct(read, disk))),
    }),
  }
}

function podIn(read: UsageReader, pod: Fields): PodUsage | undefined {
  const ref = read.object(pod, 'podRef')
  const [namespace, name] = [read.name(ref, 'namespace'), read.name(ref, 'name')]
  if (namespace === undefined || name === undefined) return undefined
  const containers = read.objects(pod, 'containers').flatMap((container) => {
    const called = read.name(container, 'name')
    return called === undefined ? [] : [{ name: called, ...usedIn(read, container) }]
  })
  const network = read.object(pod, 'network')
  const storage = read.object(pod, 'ephemeral-storage')
  const countedMs = read.timeMs(network, 'time')
  return {
    namespace,
    name,
    containers,
    ...present({
      ephemeralStorage: read.reading(read.number(storage, 'usedBytes'), read.timeMs(storage, 'time')),
      received: read.reading(read.number(network, 'rxBytes'), countedMs),
      sent: read.reading(read.number(network, 'txBytes'), countedMs),
    }),
  }
}

function claimIn(read: UsageReader, volume: Fields): ClaimUsage | undefined {
  const ref = read.object(volume, 'pvcRef')
  // Only claims outlive their pods; what else a pod mounts has no reference.
  if (!Object.hasOwn(ref, 'name')) return undefined
  const [namespace, claim] = [read.name(ref, 'namespace'), read.name(ref, 'name')]
  if (namespace === undefined || claim === undefined) return undefined
  return {
    namespace,
    claim,
    ...present({ usedPct: usedPct(read, volume), inodesPct: inodesPct(read, volume) }),
  }
}

/** A claim that several pods of the node mount is one series. */
function fullestOfEach(claims: readonly ClaimUsage[]): ClaimUsage[] {
  const byName = Map.groupBy(claims, ({ namespace, claim }) => `${namespace}/${claim}`)
  return [...byName.values()].flatMap(([first, ...others]) => {
    if (!first) return []
    const all = [first, ...others]
    return [
      {
        namespace: first.namespace,
        claim: first.claim,
        ...present({
          usedPct: fullest(all.map((one) => one.usedPct)),
          inodesPct: fullest(all.map((one) => one.inodesPct)),
        }),
      },
    ]
  })
}

function usedIn(read: UsageReader, from: Fields): { cpu?: Reading; memory?: Reading } {
  const [cpu, memory] = [read.object(from, 'cpu'), read.object(from, 'memory')]
  const nanoCores = read.number(cpu, 'usageNanoCores')
  return present({
    cpu: read.reading(nanoCores === undefined ? undefined : nanoCores / NANO, read.timeMs(cpu, 'time')),
    memory: read.reading(read.number(memory, 'workingSetBytes'), read.timeMs(memory, 'time')),
  })
}

/** Against what is available, which leaves out what is reserved: as the catalogue's queries count. */
function usedPct(read: UsageReader, disk: Fields): Reading | undefined {
  const [available, capacity] = [read.number(disk, 'availableBytes'), read.number(disk, 'capacityBytes')]
  return read.reading(
    shareOf(available, capacity, (free, all) => 1 - free / all),
    read.timeMs(disk, 'time'),
  )
}

function inodesPct(read: UsageReader, disk: Fields): Reading | undefined {
  const [used, all] = [read.number(disk, 'inodesUsed'), read.number(disk, 'inodes')]
  return read.reading(
    shareOf(used, all, (some, of) => some / of),
    read.timeMs(disk, 'time'),
  )
}

/** In percent; a whole of 0 (a file system without inodes) has no share. */
function shareOf(
  part: number | undefined,
  whole: number | undefined,
  share: (part: number, whole: number) => number,
): number | undefined {
  if (part === undefined || whole === undefined || whole === 0) return undefined
  return Math.min(100, Math.max(0, share(part, whole) * 100))
}
