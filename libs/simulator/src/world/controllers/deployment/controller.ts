import { isPodFinished, isTerminating, RESOURCES, type Deployment, type Pod, type ReplicaSet } from '@kubewise/kube'
import { isSameJson } from '../../../objects/json.ts'
import { controlledBy } from '../../objects/owners.ts'
import { writeStatus } from '../../objects/write-status.ts'
import type { Reconcile, WorldPorts } from '../../ports.ts'
import { rolloutBounds, type RolloutBounds } from './bounds.ts'
import { proportionalScalings } from './proportional.ts'
import {
  DESIRED,
  findNewSet,
  newReplicaSet,
  newSetAnnotations,
  REVISION,
  revisionOf,
  sizeAnnotations,
} from './revision.ts'
import { newSetReplicas, oldSetReplicas, wantedBy, type Scaling } from './rolling.ts'
import { deploymentStatus, withProgressing } from './status.ts'

const MANAGER = 'kube-controller-manager'
const COMPONENT = 'deployment-controller'
const DEFAULT_HISTORY = 10

/** One Deployment with its ReplicaSets, oldest first. */
interface Rollout {
  deployment: Deployment
  bounds: RolloutBounds
  sets: ReplicaSet[]
  nowMs: number
}

/** Rolls Deployments from one pod template to the next, within their bounds. @see pkg/controller/deployment of Kubernetes */
export function createDeploymentController({ objects, events }: WorldPorts): Reconcile {
  function scale({ deployment, bounds, nowMs }: Rollout, { set, replicas }: Scaling): void {
    const before = wantedBy(set)
    objects.update<ReplicaSet>(
      RESOURCES.ReplicaSet,
      set.metadata?.namespace,
      set.metadata?.name ?? '',
      MANAGER,
      (found) => ({
        ...found,
        metadata: { ...found.metadata, annotations: { ...found.metadata?.annotations, ...sizeAnnotations(bounds) } },
        spec: { ...found.spec, replicas },
      }),
    )
    if (before !== replicas) sayScaled(deployment, set, before, replicas, nowMs)
  }

  function sayScaled(deployment: Deployment, set: ReplicaSet, before: number, after: number, nowMs: number): void {
    const message = `Scaled ${after > before ? 'up' : 'down'} replica set ${set.metadata?.name} from ${before} to ${after}`
    events.record(nowMs, {
      about: deployment,
      type: 'Normal',
      reason: 'ScalingReplicaSet',
      message,
      component: COMPONENT,
    })
  }

  /** The ReplicaSet of the present template: found and numbered, or created. Undefined when this pass must end here. */
  function syncNewSet(rollout: Rollout): ReplicaSet | undefined {
    const { deployment, bounds, sets } = rollout
    const found = findNewSet(deployment, sets)
    const old = sets.filter((set) => set !== found)
    const revision = Math.max(0, ...old.map(revisionOf)) + 1
    if (!found) return isRecreate(deployment) && isOldRunning(old) ? undefined : createNewSet(rollout, revision)
    const annotations = newSetAnnotations(deployment, found.metadata?.annotations ?? {}, revision, bounds)
    const minReadySeconds = deployment.spec?.minReadySeconds
    if (!isSameJson(annotations, found.metadata?.annotations) || found.spec?.minReadySeconds !== minReadySeconds)
      return objects.update<ReplicaSet>(
        RESOURCES.ReplicaSet,
        found.metadata?.namespace,
        found.metadata?.name ?? '',
        MANAGER,
        (set) => ({
          ...set,
          metadata: { ...set.metadata, annotations },
          spec: { ...set.spec, ...(minReadySeconds === undefined ? {} : { minReadySeconds }) },
        }),
      )
    noteRevision(deployment, annotations[REVISION] ?? '1')
    return found
  }

  function createNewSet(rollout: Rollout, revision: number): ReplicaSet | undefined {
    const { deployment, bounds, sets, nowMs } = rollout
    const replicas = newSetReplicas(bounds, isRecreate(deployment), 0, sets)
    const wish = newReplicaSet(deployment, revision, replicas, bounds)
    if (objects.get(RESOURCES.ReplicaSet, wish.metadata?.namespace, wish.metadata?.name ?? '')) {
      const collisionCount = (deployment.status?.collisionCount ?? 0) + 1
      writeStatus(objects, RESOURCES.Deployment, deployment, MANAGER, { ...deployment.status, collisionCount })
      return undefined
    }
    const created = objects.create<ReplicaSet>(RESOURCES.ReplicaSet, wish, MANAGER)
    if (replicas > 0) sayScaled(deployment, created, 0, replicas, nowMs)
    const message = `Created new replica set "${created.metadata?.name}"`
    const conditions = withProgressing(
      deployment.status?.conditions ?? [],
      'True',
      'NewReplicaSetCreated',
      message,
      nowMs,
      false,
    )
    writeStatus(objects, RESOURCES.Deployment, deployment, MANAGER, { ...deployment.status, conditions })
    noteRevision(deployment, String(revision))
    return created
  }

  function noteRevision(deployment: Deployment, revision: string): void {
    const { namespace, name = '' } = deployment.metadata ?? {}
    if (deployment.metadata?.annotations?.[REVISION] === revision) return
    objects.update<Deployment>(RESOURCES.Deployment, namespace, name, MANAGER, (found) => ({
      ...found,
      metadata: { ...found.metadata, annotations: { ...found.metadata?.annotations, [REVISION]: revision } },
    }))
  }

  /** @returns what should be scaled next; empty when nothing should */
  function nextScalings({ deployment, bounds, sets }: Rollout, newSet: ReplicaSet | undefined): Scaling[] {
    const old = sets.filter((set) => set.metadata?.uid !== newSet?.metadata?.uid)
    if (isRecreate(deployment)) return recreateScalings(bounds, newSet, old)
    if (!newSet) return []
    const current = wantedBy(newSet)
    const next = current > bounds.wanted ? bounds.wanted : newSetReplicas(bounds, false, current, [...old, newSet])
    return next === current ? oldSetReplicas(bounds, newSet, old) : [{ set: newSet, replicas: next }]
  }

  /** The old release is to be gone before the new one comes; pods on their way out count too. */
  function isOldRunning(old: readonly ReplicaSet[]): boolean {
    return old.some((set) => wantedBy(set) > 0 || !controlledBy<Pod>(objects, RESOURCES.Pod, set).every(isPodFinished))
  }

  function recreateScalings(bounds: RolloutBounds, newSet: ReplicaSet | undefined, old: ReplicaSet[]): Scaling[] {
    const running = old.filter((set) => wantedBy(set) > 0)
    if (running.length > 0) return running.map((set) => ({ set, replicas: 0 }))
    if (!newSet || isOldRunning(old) || wantedBy(newSet) === bounds.wanted) return []
    return [{ set: newSet, replicas: bounds.wanted }]
  }

  function forgetHistory({ deployment, sets }: Rollout, newSet: ReplicaSet): void {
    const limit = deployment.spec?.revisionHistoryLimit ?? DEFAULT_HISTORY
    const old = sets.filter((set) => set.metadata?.uid !== newSet.metadata?.uid && !isTerminating(set))
    const idle = old.filter((set) => wantedBy(set) === 0 && (set.status?.replicas ?? 0) === 0)
    const surplus = idle.toSorted((a, b) => revisionOf(a) - revisionOf(b)).slice(0, Math.max(0, old.length - limit))
    for (const set of surplus) objects.remove(RESOURCES.ReplicaSet, set.metadata?.namespace, set.metadata?.name ?? '')
  }

  function rolloutOf(deployment: Deployment, nowMs: number): Rollout {
    const sets = controlledBy<ReplicaSet>(objects, RESOURCES.ReplicaSet, deployment).toSorted(byAge)
    return { deployment, bounds: rolloutBounds(deployment), sets, nowMs }
  }

  function reconcile(deployment: Deployment, nowMs: number): void {
    const rollout = rolloutOf(deployment, nowMs)
    const isStanding = isTerminating(deployment) || deployment.spec?.paused === true
    const newSet = isStanding ? findNewSet(deployment, rollout.sets) : syncNewSet(rollout)
    const isResized = rollout.sets.some(
      (set) => wantedBy(set) > 0 && Number(set.metadata?.annotations?.[DESIRED]) !== rollout.bounds.wanted,
    )
    if (isResized && !isTerminating(deployment))
      for (const scaling of proportionalScalings(rollout.bounds, newSet, rollout.sets)) scale(rollout, scaling)
    else if (!isStanding)
      for (const scaling of nextScalings(rolloutOf(current(deployment), nowMs), newSet)) scale(rollout, scaling)
    updateStatus(deployment, nowMs)
  }

  /** Everything is read anew: this pass has changed it. */
  function updateStatus(before: Deployment, nowMs: number): void {
    const deployment = current(before)
    const rollout = rolloutOf(deployment, nowMs)
    const newSet = findNewSet(deployment, rollout.sets)
    const status = deploymentStatus(deployment, newSet, rollout.sets, rollout.bounds, nowMs)
    writeStatus(objects, RESOURCES.Deployment, deployment, MANAGER, status)
    if (newSet && status.replicas === status.updatedReplicas && status.availableReplicas === rollout.bounds.wanted)
      forgetHistory(rollout, newSet)
  }

  const current = (deployment: Deployment): Deployment =>
    objects.get<Deployment>(RESOURCES.Deployment, deployment.metadata?.namespace, deployment.metadata?.name ?? '') ??
    deployment

  return (nowMs) => {
    for (const deployment of objects.list<Deployment>(RESOURCES.Deployment)) reconcile(deployment, nowMs)
  }
}

const isRecreate = (deployment: Deployment) => deployment.spec?.strategy?.type === 'Recreate'

function byAge(a: ReplicaSet, b: ReplicaSet): number {
  const [left, right] = [a.metadata?.creationTimestamp ?? '', b.metadata?.creationTimestamp ?? '']
  return left === right ? revisionOf(a) - revisionOf(b) : left < right ? -1 : 1
}
