import type { KubernetesObject, Pod } from '@kubewise/kube'
import type { ObjectStore } from '../../port.ts'
import { workloadOf } from '../objects/owners.ts'

/** What fate does to running containers, on top of how their template says they behave. */
export interface Demand {
  /** Working set that the data now needs, in Mi; reached within half a minute. */
  memoryMi?: number
  /** CPU that a stuck loop asks for, in thousandths of a core. */
  cpuMilli?: number
  /** Exits once, with this code. */
  exitCode?: number
  sinceMs: number
}

/** Demands on all pods of a workload, or on one pod by its uid. */
export interface Demands {
  onWorkload(workload: KubernetesObject, demand: Demand): void
  onPod(pod: Pod, demand: Demand): void
  /** What is demanded of a pod: its own, else its workload's. */
  of(pod: Pod): Demand | undefined
  /** The one-time exit of a pod has happened. */
  exited(pod: Pod): void
}

/** Workloads are known by name: a demand outlives the deletion and return of its object. */
export function createDemands(objects: ObjectStore): Demands {
  const workloads = new Map<string, Demand>()
  const pods = new Map<string, Demand>()
  const keyOf = ({ kind, metadata }: KubernetesObject) => `${kind}/${metadata?.namespace}/${metadata?.name}`

  return {
    onWorkload: (workload, demand) => void workloads.set(keyOf(workload), demand),
    onPod: (pod, demand) => void pods.set(pod.metadata?.uid ?? '', demand),
    of(pod) {
      if (pods.size === 0 && workloads.size === 0) return undefined
      return (
        pods.get(pod.metadata?.uid ?? '') ??
        (workloads.size > 0 ? workloads.get(keyOf(workloadOf(objects, pod))) : undefined)
      )
    },
    exited: (pod) => void pods.delete(pod.metadata?.uid ?? ''),
  }
}
