import { controllerOf, isPodFinished, isPodReady, isTerminating, RESOURCES, type Pod } from '@kubewise/kube'
import { writeStatus } from '../objects/write-status.ts'
import type { Reconcile } from '../ports.ts'
import type { KubeletPorts, PodSync } from './context.ts'
import { nodeAddress } from './node-status.ts'
import { podRuntime, type PodRuntime } from './runtime.ts'
import { podStatus } from './status.ts'
import { syncPod } from './sync-pod.ts'

const MANAGER = 'kubelet'

/** All kubelets of the cluster. One that is stopped does nothing; its pods run on unseen. */
export interface Kubelets {
  reconcile: Reconcile
  /** What runs on live nodes, by the pod's uid. */
  runtimes: ReadonlyMap<string, PodRuntime>
  stopNode(node: string): void
  startNode(node: string): void
  isAlive(node: string): boolean
  lastSeenMs(node: string): number | undefined
}

/** @param nodes the names of all nodes */
export function createKubelets(ports: Omit<KubeletPorts, 'pulled'>, nodes: readonly string[]): Kubelets {
  const { objects } = ports
  const runtimes = new Map<string, PodRuntime>()
  const stopped = new Set<string>()
  const seen = new Map<string, number>()
  const images = new Map(nodes.map((node) => [node, new Set<string>()]))
  const addresses = new Map(nodes.map((node, index) => [node, { subnet: index + 1, next: 2 }]))
  const kubeletPorts: KubeletPorts = { ...ports, pulled: (node) => images.get(node) ?? new Set() }
  let lastMs: number | undefined

  function newAddress(node: string): string {
    const pool = addresses.get(node) ?? { subnet: 0, next: 2 }
    const host = pool.next++
    return `10.244.${(pool.subnet + Math.floor(host / 250) * addresses.size) % 256}.${(host % 250) + 2}`
  }

  function runtimeOf(pod: Pod, nowMs: number): PodRuntime {
    const uid = pod.metadata?.uid ?? ''
    const known = runtimes.get(uid)
    if (known) return known
    const node = pod.spec?.nodeName ?? ''
    const created = podRuntime(pod, newAddress(node), nodeAddress(nodes.indexOf(node)), nowMs)
    runtimes.set(uid, created)
    return created
  }

  function readySiblings(pods: readonly Pod[]): Map<string, number> {
    const counts = new Map<string, number>()
    for (const pod of pods) {
      const owner = controllerOf(pod)?.uid
      if (owner && isPodReady(pod)) counts.set(owner, (counts.get(owner) ?? 0) + 1)
    }
    return counts
  }

  function look(pod: Pod, replicas: number, nowMs: number, elapsedMs: number): void {
    const runtime = runtimeOf(pod, nowMs)
    const sync: PodSync = { ports: kubeletPorts, objects, pod, runtime, nowMs, elapsedMs }
    syncPod(sync, replicas)
    if (!runtime.isDirty || isTerminating(pod)) return
    runtime.isDirty = false
    writeStatus(objects, RESOURCES.Pod, pod, MANAGER, podStatus(sync))
  }

  /** A pod that never got a node has no kubelet to let it go. */
  function dropUnscheduled(pod: Pod): void {
    if (isTerminating(pod)) objects.remove(RESOURCES.Pod, pod.metadata?.namespace, pod.metadata?.name ?? '')
  }

  function isOurs(pod: Pod): boolean {
    return images.has(pod.spec?.nodeName ?? '') && !stopped.has(pod.spec?.nodeName ?? '')
  }

  return {
    runtimes,
    reconcile(nowMs) {
      const elapsedMs = nowMs - (lastMs ?? nowMs)
      lastMs = nowMs
      for (const node of nodes) if (!stopped.has(node)) seen.set(node, nowMs)
      const pods = objects.list<Pod>(RESOURCES.Pod)
      const ready = readySiblings(pods)
      for (const pod of pods) {
        if (!pod.spec?.nodeName) dropUnscheduled(pod)
        else if (isOurs(pod) && (!isPodFinished(pod) || isTerminating(pod)))
          look(pod, ready.get(controllerOf(pod)?.uid ?? '') ?? 1, nowMs, elapsedMs)
      }
      const alive = new Set(pods.map(({ metadata }) => metadata?.uid))
      for (const uid of runtimes.keys()) if (!alive.has(uid)) runtimes.delete(uid)
    },
    stopNode: (node) => void stopped.add(node),
    startNode(node) {
      stopped.delete(node)
      for (const runtime of runtimes.values()) runtime.isDirty = true
    },
    isAlive: (node) => images.has(node) && !stopped.has(node),
    lastSeenMs: (node) => seen.get(node),
  }
}
