import { RESOURCES, type KubernetesObject, type Resource } from '@kubewise/kube'
import type { ObjectStore } from '../../../port.ts'
import type { Sample } from '../../../prometheus/series/series-store.ts'
import { nodeSamples } from './node.ts'
import { podSamples } from './pod.ts'
import {
  autoscalerSamples,
  cronJobSamples,
  daemonSetSamples,
  deploymentSamples,
  disruptionBudgetSamples,
  jobSamples,
  namespaceSamples,
  quotaSamples,
  replicaSetSamples,
  statefulSetSamples,
} from './workloads.ts'

const FAMILIES: readonly [Resource, (object: never) => Sample[]][] = [
  [RESOURCES.Pod, podSamples],
  [RESOURCES.Deployment, deploymentSamples],
  [RESOURCES.ReplicaSet, replicaSetSamples],
  [RESOURCES.StatefulSet, statefulSetSamples],
  [RESOURCES.DaemonSet, daemonSetSamples],
  [RESOURCES.Job, jobSamples],
  [RESOURCES.CronJob, cronJobSamples],
  [RESOURCES.HorizontalPodAutoscaler, autoscalerSamples],
  [RESOURCES.PodDisruptionBudget, disruptionBudgetSamples],
  [RESOURCES.ResourceQuota, quotaSamples],
  [RESOURCES.Namespace, namespaceSamples],
  [RESOURCES.Node, nodeSamples],
]

/** The state of all objects as kube-state-metrics shows it. An object that has not changed is not computed again. */
export function createKubeStateExporter(objects: ObjectStore): () => Sample[] {
  const computed = new WeakMap<KubernetesObject, Sample[]>()

  function samplesOf(object: KubernetesObject, compute: (object: never) => Sample[]): Sample[] {
    const known = computed.get(object)
    if (known) return known
    const samples = compute(object as never)
    computed.set(object, samples)
    return samples
  }

  return () =>
    FAMILIES.flatMap(([resource, compute]) => objects.list(resource).flatMap((object) => samplesOf(object, compute)))
}
