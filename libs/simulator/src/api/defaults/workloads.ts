import type { JsonObject } from '../../objects/json.ts'
import { fill, optionalPart, part, parts } from './fill.ts'
import { fillPodTemplate } from './pod-spec.ts'

/** Where a DaemonSet counts the changes of its template. */
export const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation'

const QUARTER = '25%'

export function fillDeployment(deployment: JsonObject): void {
  const spec = part(deployment, 'spec')
  fill(spec, { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 })
  const strategy = fill(part(spec, 'strategy'), { type: 'RollingUpdate' })
  if (strategy['type'] === 'RollingUpdate') {
    fill(part(strategy, 'rollingUpdate'), { maxUnavailable: QUARTER, maxSurge: QUARTER })
  }
  fillPodTemplate(part(spec, 'template'))
}

export function fillReplicaSet(replicaSet: JsonObject): void {
  const spec = part(replicaSet, 'spec')
  fill(spec, { replicas: 1 })
  fillPodTemplate(part(spec, 'template'))
}

export function fillStatefulSet(statefulSet: JsonObject): void {
  const spec = part(statefulSet, 'spec')
  fill(spec, {
    replicas: 1,
    revisionHistoryLimit: 10,
    podManagementPolicy: 'OrderedReady',
    persistentVolumeClaimRetentionPolicy: {},
  })
  fill(part(spec, 'persistentVolumeClaimRetentionPolicy'), { whenDeleted: 'Retain', whenScaled: 'Retain' })
  const strategy = fill(part(spec, 'updateStrategy'), { type: 'RollingUpdate' })
  if (strategy['type'] === 'RollingUpdate') fill(part(strategy, 'rollingUpdate'), { partition: 0 })
  for (const claim of parts(spec, 'volumeClaimTemplates')) {
    fill(claim, { apiVersion: 'v1', kind: 'PersistentVolumeClaim' })
    fillClaim(claim)
  }
  fillPodTemplate(part(spec, 'template'))
}

export function fillDaemonSet(daemonSet: JsonObject): void {
  fill(part(part(daemonSet, 'metadata'), 'annotations'), { [TEMPLATE_GENERATION]: '1' })
  const spec = part(daemonSet, 'spec')
  fill(spec, { revisionHistoryLimit: 10 })
  const strategy = fill(part(spec, 'updateStrategy'), { type: 'RollingUpdate' })
  if (strategy['type'] === 'RollingUpdate') fill(part(strategy, 'rollingUpdate'), { maxUnavailable: 1, maxSurge: 0 })
  fillPodTemplate(part(spec, 'template'))
}

function fillJobSpec(spec: JsonObject): void {
  if (spec['completions'] === undefined && spec['parallelism'] === undefined) spec['completions'] = 1
  fill(spec, {
    parallelism: 1,
    backoffLimit: 6,
    completionMode: 'NonIndexed',
    suspend: false,
    podReplacementPolicy: spec['podFailurePolicy'] === undefined ? 'TerminatingOrFailed' : 'Failed',
    manualSelector: false,
  })
  fillPodTemplate(part(spec, 'template'))
}

export function fillJob(job: JsonObject): void {
  const spec = part(job, 'spec')
  fillJobSpec(spec)
  const labels = optionalPart(part(part(spec, 'template'), 'metadata'), 'labels')
  if (labels !== undefined) fill(part(job, 'metadata'), { labels })
}

export function fillCronJob(cronJob: JsonObject): void {
  const spec = part(cronJob, 'spec')
  fill(spec, { concurrencyPolicy: 'Allow', suspend: false, successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 })
  const template = part(part(part(spec, 'jobTemplate'), 'spec'), 'template')
  fillPodTemplate(template)
}

/** A claim, alone or as a StatefulSet's template. */
export function fillClaim(claim: JsonObject): void {
  fill(part(claim, 'spec'), { volumeMode: 'Filesystem' })
  fill(part(claim, 'status'), { phase: 'Pending' })
}

const SCALE_UP = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ],
}
const SCALE_DOWN = { selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] }

export function fillAutoscaler(autoscaler: JsonObject): void {
  const spec = part(autoscaler, 'spec')
  const cpu = { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } }
  fill(spec, { minReplicas: 1, metrics: [cpu] })
  const behavior = optionalPart(spec, 'behavior')
  if (behavior === undefined) return
  fill(part(behavior, 'scaleUp'), SCALE_UP)
  fill(part(behavior, 'scaleDown'), SCALE_DOWN)
}
