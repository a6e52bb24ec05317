import type {
  AnomalyOpened,
  Execution,
  Incident,
  Outcome,
  Plan,
  RevisionRecord,
  TargetRecord,
} from '@kubewise/contracts'
import type {
  CronJob,
  EndpointSlice,
  EventObject,
  HorizontalPodAutoscaler,
  Job,
  KubernetesObject,
  LimitRange,
  Namespace,
  NetworkPolicy,
  Node,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  PodMetrics,
  PodTemplate,
  ResourceQuota,
  Revision,
  RolloutWorkload,
  Service,
  StorageClass,
  WebhookConfiguration,
} from '@kubewise/kube'

/** What a rule or model found, as far as decisions need more of it than the incident keeps. */
export type Evidence = Pick<AnomalyOpened, 'confidence' | 'features'>

/**
 * What was read around the target, as far as the incident calls for it. A kind that may not be read, or that the cluster does
 * not have, is empty here and named in `unread`: its facts are quiet, and whoever needs to rely on them has to look there.
 */
export interface Surroundings {
  /** All of the cluster. */
  nodes: readonly Node[]
  /** Pods of any namespace, also the target's own, that were looked at for their nodes' sake; see `neighbourhood`. */
  neighbours: readonly Pod[]
  /** Whose: nobody's, those on the nodes in question, or those of the whole cluster. */
  neighbourhood: 'none' | 'nodes' | 'cluster'
  /** What the neighbours use now. */
  usage: readonly PodMetrics[]
  /** Pods anywhere that did not start yet; only where an image cannot be had. */
  pendingPods: readonly Pod[]
  /** Pods that a Service finds, where the incident is on a Service. */
  servicePods: readonly Pod[]
  /** The claims that the target's pods mount; of an incident on a claim, that claim. */
  claims: readonly PersistentVolumeClaim[]
  storageClasses: readonly StorageClass[]
  quotas: readonly ResourceQuota[]
  limitRanges: readonly LimitRange[]
  networkPolicies: readonly NetworkPolicy[]
  webhooks: readonly WebhookConfiguration[]
  /** Regarding the target and what belongs to it, newest first, bounded. Anybody who may create Events can have written them. */
  events: readonly EventObject[]
  /** Other incidents that are open now, newest first, bounded. */
  siblings: readonly Incident[]
  /** When containers of the target were killed for memory before, as far as the record goes back. */
  pastKillsMs: readonly number[]
  /** Kinds that could not be read, or not in full, such as `NetworkPolicy`; sorted. */
  unread: readonly string[]
}

/** All that was read of one incident's surroundings, at one moment. Complete but for what `unread` names, or there is none. */
export interface Context extends Surroundings {
  nowMs: number
  incident: Incident
  /** Undefined: it does not exist. */
  target: KubernetesObject | undefined
  /** False for a kind that cannot be asked for, such as a custom resource: then nothing but its name is known. */
  isReadable: boolean
  namespace: Namespace | undefined
  /** The target's own, also those being deleted. */
  pods: readonly Pod[]
  revisions: readonly Revision[]
  jobs: readonly Job[]
  services: readonly Service[]
  /** Of the Services that the target depends on, and of its own. */
  endpointSlices: readonly EndpointSlice[]
  budgets: readonly PodDisruptionBudget[]
  autoscalers: readonly HorizontalPodAutoscaler[]
  revisionRecord: RevisionRecord | undefined
  targetRecord: TargetRecord | undefined
  /** Of this incident, oldest first. */
  executions: readonly Execution[]
  /** Of this target, whichever incident they were for, newest first. */
  history: readonly Execution[]
  /** How plans of the whole cluster ended lately; what is learnt from. */
  outcomes: readonly Outcome[]
  /** Plans of this incident that were made, oldest first. */
  plans: readonly Plan[]
  /** By anomaly id, of those signals that go on. */
  evidence: ReadonlyMap<string, Evidence>
}

/** Nothing was read around the target. */
export const NOTHING_AROUND: Surroundings = {
  nodes: [],
  neighbours: [],
  neighbourhood: 'none',
  usage: [],
  pendingPods: [],
  servicePods: [],
  claims: [],
  storageClasses: [],
  quotas: [],
  limitRanges: [],
  networkPolicies: [],
  webhooks: [],
  events: [],
  siblings: [],
  pastKillsMs: [],
  unread: [],
}

const ROLLOUT_KINDS: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet'])

/** The target as one of the kinds that have rollouts. */
export const rolloutWorkload = ({ target }: Pick<Context, 'target'>): RolloutWorkload | undefined =>
  target && ROLLOUT_KINDS.has(target.kind ?? '') ? target : undefined

/** The pod template that the target has now, whatever kind it is. */
export function templateOf({ target }: Pick<Context, 'target'>): PodTemplate | undefined {
  if (!target) return undefined
  if (target.kind === 'Pod') return { ...(target.metadata && { metadata: target.metadata }), ...podSpec(target) }
  if (target.kind === 'CronJob') return (target as CronJob).spec?.jobTemplate?.spec?.template
  return (target as { spec?: { template?: PodTemplate } }).spec?.template
}

const podSpec = ({ spec }: Pod): Pick<PodTemplate, 'spec'> => (spec ? { spec } : {})
