import type { Facts, PodFacts } from '@kubewise/contracts'
import {
  isManaged,
  managerOf,
  type DaemonSet,
  type Deployment,
  type DeploymentSpec,
  type Job,
  type KubernetesObject,
  type StatefulSet,
} from '@kubewise/kube'
import { autoscalerOf } from './autoscaler-facts.ts'
import { isUnreadableRoot } from '../correlation/root-causes.ts'
import { rolloutWorkload, type Context } from './context.ts'
import { plainName } from './plain-name.ts'
import { revertedBy } from './reverted-facts.ts'

const NAMES = { 'argo-cd': 'Argo CD', flux: 'Flux', operator: 'the operator of' } as const

/** Who would take a change back; empty where nobody. */
function ownedBy({ target, isReadable, incident }: Context): string {
  if (isUnreadableRoot(incident.target)) return ''
  if (!isReadable) return `the operator of ${incident.target.kind}`
  const manager = target && managerOf(target)
  return manager ? `${NAMES[manager.by]} ${plainName(manager.name)}` : ''
}

/** How many pods the target shall have. */
export function wantedPods(target: KubernetesObject | undefined): number {
  switch (target?.kind) {
    case 'Deployment':
    case 'StatefulSet':
    case 'ReplicaSet':
      return (target as Deployment | StatefulSet).spec?.replicas ?? 1
    case 'DaemonSet':
      return (target as DaemonSet).status?.desiredNumberScheduled ?? 0
    case 'Job':
      return (target as Job).spec?.parallelism ?? 1
    case 'Pod':
      return 1
    default:
      return 0
  }
}

export const hasAutoscaler = (context: Pick<Context, 'target' | 'autoscalers'>): boolean =>
  autoscalerOf(context) !== undefined

const isScalable = (target: KubernetesObject | undefined) =>
  target?.kind === 'Deployment' || target?.kind === 'StatefulSet'

function isPaused(context: Context): boolean {
  const spec: DeploymentSpec | undefined = rolloutWorkload(context)?.spec
  return spec?.paused === true
}

/** What playbooks see of the target itself. */
export function targetFacts(context: Context, pods: readonly PodFacts[]): Facts['target'] {
  const { target, namespace, incident, isReadable } = context
  const wanted = wantedPods(target)
  return {
    kind: incident.target.kind,
    namespace: incident.target.namespace,
    name: incident.target.name,
    uid: target?.metadata?.uid ?? '',
    exists: target !== undefined || !isReadable,
    managed: isManaged(target, namespace),
    wanted,
    ready: pods.filter(({ ready }) => ready).length,
    paused: isPaused(context),
    ownedBy: ownedBy(context),
    hasAutoscaler: hasAutoscaler(context),
    // An autoscaler never goes to 0 by itself, so whoever wrote it meant it.
    scaledToZero: isScalable(target) && wanted === 0,
    revertedBy: revertedBy(context),
  }
}
