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
  HorizontalPodAutoscaler,
  Job,
  KubernetesObject,
  Namespace,
  Pod,
  PodDisruptionBudget,
  PodTemplate,
  Revision,
  RolloutWorkload,
  Service,
} from '@kubewise/kube'

/** What a rule or model found, as far as decisions need more of it than the incident keeps. */
export type Evidence = Pick<AnomalyOpened, 'confidence' | 'features'>

/** All that was read of one incident's surroundings, at one moment. Complete, or there is none. */
export interface Context {
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
  /** Of the Services that the target depends on. */
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
