import {
  plainTemplate,
  RESOURCES,
  type Deployment,
  type KubernetesObject,
  type PodTemplate,
  type ReplicaSet,
} from '@kubewise/kube'
import { isSameJson } from '../../../objects/json.ts'
import { controllerReference } from '../../objects/owners.ts'
import { templateLabel } from '../../objects/template-hash.ts'
import type { RolloutBounds } from './bounds.ts'

export const REVISION = 'deployment.kubernetes.io/revision'
const HISTORY = 'deployment.kubernetes.io/revision-history'
export const DESIRED = 'deployment.kubernetes.io/desired-replicas'
export const MOST = 'deployment.kubernetes.io/max-replicas'
const HASH_LABEL = 'pod-template-hash'

/** Annotations of a Deployment that its ReplicaSets do not get. */
const NOT_COPIED = new Set(['kubectl.kubernetes.io/last-applied-configuration', REVISION, HISTORY, DESIRED, MOST])

export function revisionOf(object: KubernetesObject): number {
  return Number(object.metadata?.annotations?.[REVISION] ?? 0)
}

/**
 * The ReplicaSet of the Deployment's own template: by the hash it was named after, since the server may have filled its copy
 * of the template with defaults that the Deployment's lacks, else by the template itself.
 *
 * @param sets the Deployment's own, oldest first
 */
export function findNewSet(deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined {
  const template = deployment.spec?.template ?? {}
  const label = templateLabel(template, deployment.status?.collisionCount)
  const named = sets.find(({ metadata }) => metadata?.labels?.[HASH_LABEL] === label)
  if (named) return named
  const wanted = plainTemplate(template)
  return sets.find((set) => isSameJson(withoutEmpty(plainTemplate(set.spec?.template ?? {})), withoutEmpty(wanted)))
}

/** `metadata: {}` and no metadata are the same template. */
function withoutEmpty(template: PodTemplate): PodTemplate {
  const { metadata, ...rest } = template
  return metadata && Object.keys(metadata).length > 0 ? template : rest
}

/** The annotations the newest ReplicaSet should have: the Deployment's own, its revision, the numbers it had before, its size. */
export function newSetAnnotations(
  deployment: Deployment,
  current: Record<string, string>,
  revision: number,
  bounds: RolloutBounds,
): Record<string, string> {
  const copied = Object.entries(deployment.metadata?.annotations ?? {}).filter(([name]) => !NOT_COPIED.has(name))
  const before = current[REVISION]
  const isOlder = Number(before ?? 0) < revision
  const history = isOlder && before ? [current[HISTORY], before].filter(Boolean).join(',') : current[HISTORY]
  return {
    ...current,
    ...Object.fromEntries(copied),
    ...(isOlder ? { [REVISION]: String(revision) } : {}),
    ...(history ? { [HISTORY]: history } : {}),
    ...sizeAnnotations(bounds),
  }
}

export function sizeAnnotations({ wanted, maxSurge }: RolloutBounds): Record<string, string> {
  return { [DESIRED]: String(wanted), [MOST]: String(wanted + maxSurge) }
}

/** A ReplicaSet for the Deployment's present template. */
export function newReplicaSet(
  deployment: Deployment,
  revision: number,
  replicas: number,
  bounds: RolloutBounds,
): ReplicaSet {
  const { template = {}, selector = {}, minReadySeconds } = deployment.spec ?? {}
  const label = templateLabel(template, deployment.status?.collisionCount)
  const labels = { ...template.metadata?.labels, [HASH_LABEL]: label }
  return {
    metadata: {
      name: `${deployment.metadata?.name}-${label}`,
      namespace: deployment.metadata?.namespace ?? 'default',
      labels,
      annotations: newSetAnnotations(deployment, {}, revision, bounds),
      ownerReferences: [controllerReference(RESOURCES.Deployment, deployment)],
    },
    spec: {
      replicas,
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [HASH_LABEL]: label } },
      template: { ...structuredClone(template), metadata: { ...structuredClone(template.metadata), labels } },
    },
  }
}
