import type {
  CronJob,
  DaemonSet,
  Deployment,
  HorizontalPodAutoscaler,
  Job,
  Namespace,
  PodDisruptionBudget,
  ReplicaSet,
  ResourceQuota,
  StatefulSet,
} from '@kubewise/kube'
import type { Sample } from '../../../prometheus/series/series-store.ts'
import { amountOf } from '../../objects/amounts.ts'
import { conditionSamples, createdSeconds, family } from './metrics.ts'

/** @see docs/metrics/workload of kube-state-metrics 2.18 */
export function deploymentSamples(deployment: Deployment): Sample[] {
  const { metadata, spec = {}, status = {} } = deployment
  const add = family({ namespace: metadata?.namespace, deployment: metadata?.name })
  return [
    ...add('kube_deployment_created', createdSeconds(deployment)),
    ...add('kube_deployment_metadata_generation', metadata?.generation),
    ...add('kube_deployment_spec_replicas', spec.replicas ?? 1),
    ...add('kube_deployment_spec_paused', spec.paused === true),
    ...add('kube_deployment_status_replicas', status.replicas ?? 0),
    ...add('kube_deployment_status_replicas_ready', status.readyReplicas ?? 0),
    ...add('kube_deployment_status_replicas_available', status.availableReplicas ?? 0),
    ...add('kube_deployment_status_replicas_unavailable', status.unavailableReplicas ?? 0),
    ...add('kube_deployment_status_replicas_updated', status.updatedReplicas ?? 0),
    ...add('kube_deployment_status_observed_generation', status.observedGeneration ?? 0),
    ...conditionSamples(add, 'kube_deployment_status_condition', status.conditions, ({ reason }) => ({ reason })),
  ]
}

export function replicaSetSamples(set: ReplicaSet): Sample[] {
  const { metadata, spec = {}, status = {} } = set
  const add = family({ namespace: metadata?.namespace, replicaset: metadata?.name })
  const [owner] = metadata?.ownerReferences ?? []
  const controller = {
    owner_kind: owner?.kind,
    owner_name: owner?.name,
    owner_is_controller: owner && String(owner.controller === true),
  }
  return [
    ...add('kube_replicaset_created', createdSeconds(set)),
    ...add('kube_replicaset_spec_replicas', spec.replicas ?? 1),
    ...add('kube_replicaset_status_replicas', status.replicas ?? 0),
    ...add('kube_replicaset_status_ready_replicas', status.readyReplicas ?? 0),
    ...add('kube_replicaset_status_observed_generation', status.observedGeneration ?? 0),
    ...add('kube_replicaset_owner', 1, controller),
  ]
}

export function statefulSetSamples(set: StatefulSet): Sample[] {
  const { metadata, spec = {}, status = {} } = set
  const add = family({ namespace: metadata?.namespace, statefulset: metadata?.name })
  return [
    ...add('kube_statefulset_created', createdSeconds(set)),
    ...add('kube_statefulset_metadata_generation', metadata?.generation),
    ...add('kube_statefulset_replicas', spec.replicas ?? 1),
    ...add('kube_statefulset_status_replicas', status.replicas ?? 0),
    ...add('kube_statefulset_status_replicas_ready', status.readyReplicas ?? 0),
    ...add('kube_statefulset_status_replicas_available', status.availableReplicas ?? 0),
    ...add('kube_statefulset_status_replicas_current', status.currentReplicas ?? 0),
    ...add('kube_statefulset_status_replicas_updated', status.updatedReplicas ?? 0),
    ...add('kube_statefulset_status_observed_generation', status.observedGeneration ?? 0),
    ...add('kube_statefulset_status_current_revision', 1, { revision: status.currentRevision }),
    ...add('kube_statefulset_status_update_revision', 1, { revision: status.updateRevision }),
  ]
}

export function daemonSetSamples(set: DaemonSet): Sample[] {
  const { metadata, status = {} } = set
  const add = family({ namespace: metadata?.namespace, daemonset: metadata?.name })
  return [
    ...add('kube_daemonset_created', createdSeconds(set)),
    ...add('kube_daemonset_metadata_generation', metadata?.generation),
    ...add('kube_daemonset_status_current_number_scheduled', status.currentNumberScheduled ?? 0),
    ...add('kube_daemonset_status_desired_number_scheduled', status.desiredNumberScheduled ?? 0),
    ...add('kube_daemonset_status_number_available', status.numberAvailable ?? 0),
    ...add('kube_daemonset_status_number_misscheduled', status.numberMisscheduled ?? 0),
    ...add('kube_daemonset_status_number_ready', status.numberReady ?? 0),
    ...add('kube_daemonset_status_number_unavailable', status.numberUnavailable ?? 0),
    ...add('kube_daemonset_status_updated_number_scheduled', status.updatedNumberScheduled ?? 0),
    ...add('kube_daemonset_status_observed_generation', status.observedGeneration ?? 0),
  ]
}

export function jobSamples(job: Job): Sample[] {
  const { metadata, spec = {}, status = {} } = job
  const add = family({ namespace: metadata?.namespace, job_name: metadata?.name })
  const failure = status.conditions?.find(({ type }) => type === 'Failed')
  return [
    ...add('kube_job_created', createdSeconds(job)),
    ...add('kube_job_spec_completions', spec.completions),
    ...add('kube_job_spec_parallelism', spec.parallelism),
    ...add('kube_job_status_active', status.active ?? 0),
    ...add('kube_job_status_succeeded', status.succeeded ?? 0),
    ...add('kube_job_status_failed', status.failed ?? 0, { reason: failure?.reason }),
    ...conditionSamples(
      add,
      'kube_job_complete',
      status.conditions?.filter(({ type }) => type === 'Complete'),
    ),
    ...conditionSamples(
      add,
      'kube_job_failed',
      status.conditions?.filter(({ type }) => type === 'Failed'),
    ),
  ]
}

export function cronJobSamples({ metadata, spec = {}, status = {} }: CronJob): Sample[] {
  const add = family({ namespace: metadata?.namespace, cronjob: metadata?.name })
  return [
    ...add('kube_cronjob_spec_suspend', spec.suspend === true),
    ...add('kube_cronjob_status_active', status.active?.length ?? 0),
    ...add(
      'kube_cronjob_status_last_schedule_time',
      (status.lastScheduleTime && Date.parse(status.lastScheduleTime) / 1000) || undefined,
    ),
  ]
}

export function autoscalerSamples({ metadata, spec = {}, status = {} }: HorizontalPodAutoscaler): Sample[] {
  const add = family({ namespace: metadata?.namespace, horizontalpodautoscaler: metadata?.name })
  return [
    ...add('kube_horizontalpodautoscaler_spec_min_replicas', spec.minReplicas ?? 1),
    ...add('kube_horizontalpodautoscaler_spec_max_replicas', spec.maxReplicas),
    ...add('kube_horizontalpodautoscaler_status_current_replicas', status.currentReplicas ?? 0),
    ...add('kube_horizontalpodautoscaler_status_desired_replicas', status.desiredReplicas ?? 0),
    ...conditionSamples(add, 'kube_horizontalpodautoscaler_status_condition', status.conditions),
  ]
}

export function disruptionBudgetSamples({ metadata, status = {} }: PodDisruptionBudget): Sample[] {
  const add = family({ namespace: metadata?.namespace, poddisruptionbudget: metadata?.name })
  return [
    ...add('kube_poddisruptionbudget_status_current_healthy', status.currentHealthy ?? 0),
    ...add('kube_poddisruptionbudget_status_desired_healthy', status.desiredHealthy ?? 0),
    ...add('kube_poddisruptionbudget_status_expected_pods', status.expectedPods ?? 0),
    ...add('kube_poddisruptionbudget_status_pod_disruptions_allowed', status.disruptionsAllowed ?? 0),
    ...add('kube_poddisruptionbudget_status_observed_generation', status.observedGeneration ?? 0),
  ]
}

export function quotaSamples({ metadata, status = {} }: ResourceQuota): Sample[] {
  const add = family({ namespace: metadata?.namespace, resourcequota: metadata?.name })
  return (['hard', 'used'] as const).flatMap((type) =>
    Object.entries(status[type] ?? {}).flatMap(([resource, amount]) =>
      add('kube_resourcequota', amountOf(amount), { resource, type }),
    ),
  )
}

export function namespaceSamples({ metadata, status = {} }: Namespace): Sample[] {
  const add = family({ namespace: metadata?.name })
  return ['Active', 'Terminating'].flatMap((phase) =>
    add('kube_namespace_status_phase', status.phase === phase, { phase }),
  )
}
