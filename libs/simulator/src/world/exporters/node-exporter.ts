import { isPodFinished, RESOURCES, type Node, type Pod } from '@kubewise/kube'
import type { ObjectStore } from '../../port.ts'
import { metric, type Labels } from '../../prometheus/series/labels.ts'
import type { Sample } from '../../prometheus/series/series-store.ts'
import { amountOf } from '../objects/amounts.ts'
import type { Kubelets } from '../kubelet/kubelet.ts'
import { SECOND_MS } from '../time.ts'

const GI = 2 ** 30
const DISK_BYTES = 100 * GI
const SYSTEM_BYTES = GI
const SYSTEM_MILLI = 150
const LOAD_MEMORY_SECONDS = 300
const RETRANSMITS_PER_SECOND = 0.2

interface Machine {
  load5: number
  idleSeconds: number[]
  busySeconds: number[]
  retransmits: number
  diskUsed: number
}

/** What node-exporter shows of each live node: load, CPU time, memory, disk, TCP. */
export function createNodeExporter(
  objects: ObjectStore,
  kubelets: Kubelets,
  random: () => number,
): (nowMs: number) => Sample[] {
  const machines = new Map<string, Machine>()
  const known = new Map<string, Labels>()
  let lastMs: number | undefined

  function labelled(instance: string, name: string, labels: Record<string, string> = {}): Labels {
    const key = [instance, name, ...Object.values(labels)].join('\u0000')
    const found =
      known.get(key) ?? metric(name, { job: 'node-exporter', instance: `${instance}:9100`, node: instance, ...labels })
    known.set(key, found)
    return found
  }

  function machineOf(name: string, cores: number): Machine {
    const found = machines.get(name) ?? {
      load5: 0.2,
      idleSeconds: Array.from({ length: cores }, () => 0),
      busySeconds: Array.from({ length: cores }, () => 0),
      retransmits: 0,
      diskUsed: (0.3 + 0.1 * random()) * DISK_BYTES,
    }
    machines.set(name, found)
    return found
  }

  function used(node: string): { milli: number; bytes: number } {
    const sums = { milli: SYSTEM_MILLI, bytes: SYSTEM_BYTES }
    for (const pod of objects.list<Pod>(RESOURCES.Pod)) {
      if (pod.spec?.nodeName !== node || isPodFinished(pod)) continue
      for (const { phase, usage } of kubelets.runtimes.get(pod.metadata?.uid ?? '')?.containers ?? []) {
        if (phase !== 'running') continue
        sums.milli += usage.cpuMilli
        sums.bytes += usage.memoryBytes
      }
    }
    return sums
  }

  function run(machine: Machine, milli: number, cores: number, seconds: number): void {
    const busy = Math.min(cores, milli / 1000)
    machine.load5 += (busy - machine.load5) * (1 - Math.exp(-seconds / LOAD_MEMORY_SECONDS))
    for (let core = 0; core < cores; core++) {
      machine.busySeconds[core]! += (busy / cores) * seconds
      machine.idleSeconds[core]! += (1 - busy / cores) * seconds
    }
    machine.retransmits += Math.round(RETRANSMITS_PER_SECOND * seconds * 2 * random())
    machine.diskUsed += seconds * 200 * random()
  }

  function samplesOf(node: Node, nowMs: number, seconds: number): Sample[] {
    const name = node.metadata?.name ?? ''
    const cores = amountOf(node.status?.capacity?.['cpu']) ?? 1
    const total = amountOf(node.status?.capacity?.['memory']) ?? 0
    const machine = machineOf(name, cores)
    const { milli, bytes } = used(name)
    run(machine, milli, cores, seconds)
    const disk = { device: '/dev/vda1', fstype: 'ext4', mountpoint: '/' }
    const sample = (family: string, value: number, labels?: Record<string, string>): Sample => ({
      labels: labelled(name, family, labels),
      value,
    })
    return [
      sample('node_load1', milli / 1000),
      sample('node_load5', machine.load5),
      ...machine.idleSeconds.map((value, cpu) =>
        sample('node_cpu_seconds_total', value, { cpu: String(cpu), mode: 'idle' }),
      ),
      ...machine.busySeconds.map((value, cpu) =>
        sample('node_cpu_seconds_total', value, { cpu: String(cpu), mode: 'user' }),
      ),
      sample('node_memory_MemTotal_bytes', total),
      sample('node_memory_MemAvailable_bytes', Math.max(0, total - bytes)),
      sample('node_filesystem_size_bytes', DISK_BYTES, disk),
      sample('node_filesystem_avail_bytes', DISK_BYTES - machine.diskUsed, disk),
      sample('node_netstat_Tcp_RetransSegs', machine.retransmits),
      sample('node_filefd_allocated', 2000 + (200 * milli) / 1000),
      sample('node_filefd_maximum', 1_000_000),
      sample('node_timex_offset_seconds', (random() - 0.5) / 1000),
      sample('node_time_seconds', nowMs / SECOND_MS),
    ]
  }

  return (nowMs) => {
    const seconds = lastMs === undefined ? 0 : (nowMs - lastMs) / SECOND_MS
    lastMs = nowMs
    return objects
      .list<Node>(RESOURCES.Node)
      .flatMap((node) => (kubelets.isAlive(node.metadata?.name ?? '') ? samplesOf(node, nowMs, seconds) : []))
  }
}
