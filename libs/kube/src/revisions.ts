import { hashOf } from '@kubewise/contracts'
import type { KubernetesObject } from './objects.ts'
import type { PodTemplate } from './pod-objects.ts'
import { timeMs } from './pod-state.ts'
import type {
  ControllerRevision,
  DaemonSet,
  Deployment,
  ReplicaSet,
  RolloutWorkload,
  StatefulSet,
} from './workload-objects.ts'

const REVISION_ANNOTATION = 'deployment.kubernetes.io/revision'
const REVISION_HISTORY_ANNOTATION = 'deployment.kubernetes.io/revision-history'
const TEMPLATE_HASH_LABEL = 'pod-template-hash'
const CONTROLLER_HASH_LABEL = 'controller-revision-hash'

/** One version of a workload's pod template that the cluster still remembers. */
export interface Revision {
  /** Counts up; a rollback gives an old template a new number. */
  number: number
  /** The ReplicaSet or ControllerRevision that holds it. */
  name: string
  uid: string
  /** What its pods carry in `pod-template-hash` or `controller-revision-hash`. */
  label: string
  template: PodTemplate
  /** `templateHash` of the template. */
  hash: string
  createdMs: number | undefined
  /** The template the workload has now. */
  isCurrent: boolean
  /** Numbers it had before, when it was rolled back to. */
  wasRolledBackTo: boolean
  /** A Deployment's only: how many pods its ReplicaSet wants, has ready, and has had ready long enough. */
  replicas?: { wanted: number; ready: number; available: number }
}

/** The template as its workload has it: without what the controller adds to a ReplicaSet's copy. */
export function plainTemplate(template: PodTemplate): PodTemplate {
  const { creationTimestamp: _, ...metadata } = template.metadata ?? {}
  const { [TEMPLATE_HASH_LABEL]: __, ...labels } = metadata.labels ?? {}
  const hasLabels = Object.keys(labels).length > 0
  const { labels: ___, ...rest } = metadata
  return { ...template, metadata: hasLabels ? { ...rest, labels } : rest }
}

/** SHA-256 of a template, the same for a Deployment's and its ReplicaSet's copy. */
export function templateHash(template: PodTemplate): string {
  return hashOf(plainTemplate(template))
}

function isControlledBy(object: KubernetesObject, owner: KubernetesObject): boolean {
  const uid = owner.metadata?.uid
  return object.metadata?.ownerReferences?.some((one) => one.controller === true && one.uid === uid) === true
}

function fromReplicaSet(set: ReplicaSet): Revision | undefined {
  const number = Number(set.metadata?.annotations?.[REVISION_ANNOTATION])
  if (!Number.isSafeInteger(number) || set.spec?.template === undefined) return undefined
  const template = plainTemplate(set.spec.template)
  return {
    number,
    name: set.metadata?.name ?? '',
    uid: set.metadata?.uid ?? '',
    label: set.metadata?.labels?.[TEMPLATE_HASH_LABEL] ?? '',
    template,
    hash: templateHash(template),
    createdMs: timeMs(set.metadata?.creationTimestamp),
    isCurrent: false,
    wasRolledBackTo: set.metadata?.annotations?.[REVISION_HISTORY_ANNOTATION] !== undefined,
    replicas: {
      wanted: set.spec.replicas ?? 1,
      ready: set.status?.readyReplicas ?? 0,
      available: set.status?.availableReplicas ?? 0,
    },
  }
}

function byNumber(a: Revision, b: Revision): number {
  return a.number - b.number
}

/**
 * A Deployment's revisions, oldest first, from ReplicaSets that may hold others' too. The current one is found by its
 * template, since right after a change the newest ReplicaSet is still the one before; then none is current.
 */
export function deploymentRevisions(deployment: Deployment, replicaSets: readonly ReplicaSet[]): Revision[] {
  const template = deployment.spec?.template
  const currentHash = template === undefined ? undefined : templateHash(template)
  const revisions = replicaSets
    .filter((set) => isControlledBy(set, deployment))
    .flatMap((set) => fromReplicaSet(set) ?? [])
    .sort(byNumber)
  const current = revisions.findLast(({ hash }) => hash === currentHash)
  return revisions.map((revision) => ({ ...revision, isCurrent: revision === current }))
}

function fromControllerRevision(history: ControllerRevision, label: string): Revision | undefined {
  const data = history.data?.spec?.template
  if (data === undefined) return undefined
  // The stored data is a patch that replaces the template as a whole.
  const { $patch: _, ...patched } = data
  const template = plainTemplate(patched)
  return {
    number: history.revision,
    name: history.metadata?.name ?? '',
    uid: history.metadata?.uid ?? '',
    label,
    template,
    hash: templateHash(template),
    createdMs: timeMs(history.metadata?.creationTimestamp),
    isCurrent: false,
    wasRolledBackTo: false,
  }
}

function historyRevisions(
  workload: StatefulSet | DaemonSet,
  history: readonly ControllerRevision[],
  labelOf: (one: ControllerRevision) => string,
): Revision[] {
  const template = workload.spec?.template
  const currentHash = template === undefined ? undefined : templateHash(template)
  const revisions = history
    .filter((one) => isControlledBy(one, workload))
    .flatMap((one) => fromControllerRevision(one, labelOf(one)) ?? [])
    .sort(byNumber)
  const current = revisions.findLast(({ hash }) => hash === currentHash)
  return revisions.map((revision) => ({ ...revision, isCurrent: revision === current }))
}

/** A StatefulSet's revisions, oldest first. Its pods carry the ControllerRevision's whole name. */
export function statefulSetRevisions(set: StatefulSet, history: readonly ControllerRevision[]): Revision[] {
  return historyRevisions(set, history, (one) => one.metadata?.name ?? '')
}

/** A DaemonSet's revisions, oldest first. Its pods carry the ControllerRevision's hash only. */
export function daemonSetRevisions(set: DaemonSet, history: readonly ControllerRevision[]): Revision[] {
  return historyRevisions(set, history, (one) => one.metadata?.labels?.[CONTROLLER_HASH_LABEL] ?? '')
}

/** The revisions of any workload that has them; `children` are ReplicaSets for a Deployment, else ControllerRevisions. */
export function revisionsOf(
  workload: RolloutWorkload,
  children: readonly (ReplicaSet | ControllerRevision)[],
): Revision[] {
  switch (workload.kind) {
    case 'Deployment':
      return deploymentRevisions(workload, children.filter(isReplicaSet))
    case 'StatefulSet':
      return statefulSetRevisions(workload, children.filter(isControllerRevision))
    case 'DaemonSet':
      return daemonSetRevisions(workload, children.filter(isControllerRevision))
    default:
      return []
  }
}

function isControllerRevision(object: ReplicaSet | ControllerRevision): object is ControllerRevision {
  return object.kind === 'ControllerRevision'
}

function isReplicaSet(object: ReplicaSet | ControllerRevision): object is ReplicaSet {
  return object.kind === 'ReplicaSet'
}

interface TemplateFields {
  'f:spec'?: { 'f:template'?: unknown }
}

function lastTemplateWriteMs(workload: KubernetesObject): number | undefined {
  const times = (workload.metadata?.managedFields ?? []).flatMap(({ fieldsV1, time, subresource }) => {
    const fields: TemplateFields = fieldsV1 ?? {}
    return fields['f:spec']?.['f:template'] === undefined || subresource ? [] : (timeMs(time) ?? [])
  })
  return times.length === 0 ? undefined : Math.max(...times)
}

/**
 * When the current revision began to roll out: its birth, or for one that was rolled back to, the last write of the
 * workload's template.
 */
export function rolloutStartedMs(workload: RolloutWorkload, revisions: readonly Revision[]): number | undefined {
  const current = revisions.find(({ isCurrent }) => isCurrent)
  if (current === undefined) return lastTemplateWriteMs(workload)
  const isOlderThanAnother = revisions.some(({ createdMs = 0 }) => createdMs > (current.createdMs ?? 0))
  const isReused = current.wasRolledBackTo || isOlderThanAnother
  return isReused ? (lastTemplateWriteMs(workload) ?? current.createdMs) : current.createdMs
}
