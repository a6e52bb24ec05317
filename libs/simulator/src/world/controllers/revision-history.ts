import { isTerminating, RESOURCES, type ControllerRevision, type PodTemplate, type Resource } from '@kubewise/kube'
import { isSameJson } from '../../objects/json.ts'
import type { ObjectStore } from '../../port.ts'
import { controlledBy, controllerReference } from '../objects/owners.ts'
import { templateLabel } from '../objects/template-hash.ts'
import type { DaemonSet, StatefulSet } from '@kubewise/kube'

const MANAGER = 'kube-controller-manager'
const DEFAULT_HISTORY = 10

/** What a ControllerRevision remembers of a template: a patch that replaces it as a whole. */
function dataOf(template: PodTemplate): NonNullable<ControllerRevision['data']> {
  return { spec: { template: { ...structuredClone(template), $patch: 'replace' } } }
}

export function templateOf(revision: ControllerRevision): PodTemplate {
  const { $patch: _, ...template } = revision.data?.spec?.template ?? {}
  return template
}

/** All revisions of a workload, oldest first. */
export function revisionsOf(objects: ObjectStore, owner: StatefulSet | DaemonSet): ControllerRevision[] {
  return controlledBy<ControllerRevision>(objects, RESOURCES.ControllerRevision, owner).toSorted(
    (a, b) => a.revision - b.revision,
  )
}

/**
 * The revision of the workload's present template. An older revision with the same template gets the next number, which is
 * what a rollback is; otherwise one is created.
 */
export function syncRevision(
  objects: ObjectStore,
  resource: Resource,
  owner: StatefulSet | DaemonSet,
): ControllerRevision {
  const known = revisionsOf(objects, owner)
  const label = labelValue(resource, owner, templateLabel(owner.spec?.template ?? {}, owner.status?.collisionCount))
  const last = known.at(-1)
  if (last && labelOf(last) === label) return last
  const data = dataOf(owner.spec?.template ?? {})
  const next = (known.at(-1)?.revision ?? 0) + 1
  const equal = known.findLast((revision) => isSameJson(revision.data, data))
  if (equal && equal === known.at(-1)) return equal
  if (equal)
    return objects.update<ControllerRevision>(
      RESOURCES.ControllerRevision,
      equal.metadata?.namespace,
      equal.metadata?.name ?? '',
      MANAGER,
      (found) => ({
        ...found,
        revision: next,
      }),
    )
  return objects.create<ControllerRevision>(
    RESOURCES.ControllerRevision,
    newRevision(resource, owner, data, next),
    MANAGER,
  )
}

function newRevision(
  resource: Resource,
  owner: StatefulSet | DaemonSet,
  data: NonNullable<ControllerRevision['data']>,
  revision: number,
): ControllerRevision {
  const label = templateLabel(owner.spec?.template ?? {}, owner.status?.collisionCount)
  return {
    metadata: {
      name: `${owner.metadata?.name}-${label}`,
      namespace: owner.metadata?.namespace ?? 'default',
      labels: {
        ...owner.spec?.template?.metadata?.labels,
        'controller-revision-hash': labelValue(resource, owner, label),
      },
      ownerReferences: [controllerReference(resource, owner)],
    },
    data,
    revision,
  }
}

/** Pods of a StatefulSet are marked with the whole name of their revision, those of a DaemonSet with the hash alone. */
function labelValue(resource: Resource, owner: StatefulSet | DaemonSet, label: string): string {
  return resource.kind === 'StatefulSet' ? `${owner.metadata?.name}-${label}` : label
}

/** What pods of a revision carry in `controller-revision-hash`. */
export function labelOf(revision: ControllerRevision): string {
  return revision.metadata?.labels?.['controller-revision-hash'] ?? ''
}

/** Removes the oldest revisions beyond the limit, but none that is in use. */
export function forgetRevisions(
  objects: ObjectStore,
  owner: StatefulSet | DaemonSet,
  inUse: ReadonlySet<string>,
): void {
  if (isTerminating(owner)) return
  const idle = revisionsOf(objects, owner).filter((revision) => !inUse.has(labelOf(revision)))
  const surplus = idle.length - (owner.spec?.revisionHistoryLimit ?? DEFAULT_HISTORY)
  for (const { metadata } of idle.slice(0, Math.max(0, surplus)))
    objects.remove(RESOURCES.ControllerRevision, metadata?.namespace, metadata?.name ?? '')
}
