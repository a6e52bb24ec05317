import type { ExecutionStep, PlanStep, Refusal, Target, TargetRecord, Undo } from '@kubewise/contracts'
import type { JsonPatchOperation, Kube, KubernetesObject, Pod } from '@kubewise/kube'
import type { Known, Limits } from '@kubewise/policy'
import type { WorkloadView } from '../context/workload.ts'
import type { Effect, EffectName } from '../ledger/effects/index.ts'

/** What is looked at to make a write: read at the moment of the write, not of the plan. */
interface Circumstances {
  step: Pick<PlanStep, 'with' | 'object'>
  record: TargetRecord
  limits: Limits
  incident: string
  /** When the plan was made: constants that a repeat must not change are derived from it. */
  planCreatedMs: number
}

export interface Preparation extends Circumstances {
  view: WorkloadView
}

export interface ObjectPreparation extends Circumstances {
  /** The step's object, by its uid. */
  object: KubernetesObject
  target: Target
  plan: string
  /** The step as the ledger names it. */
  stepId: string
  nowMs: number
  /** For what else must be looked at. */
  kube: ReadKube
}

/** Reads alone: what is prepared has no effect of its own. */
export type ReadKube = Pick<Kube, 'get' | 'list' | 'serves'>

export interface SeveralPreparation extends ObjectPreparation {
  protectedNamespaces: Known<readonly string[]>
}

/** Exactly what will be written, and how it is taken back. */
export interface Prepared {
  effect: Effect
  changes: ExecutionStep['changes']
  undo: Undo
  /** Values before the first raise of the incident, by name. */
  originals?: Record<string, string>
  /** Whether the first new pod is watched before the rest, and why; absent where no pod is replaced. */
  canary?: NonNullable<ExecutionStep['canary']>
  /** Annotations of its own beside the marker, by key. */
  notes?: Record<string, string>
}

/** How an action on a workload, or on one of its pods, is done. */
export interface WorkloadWork {
  on: 'workload'
  /** `name@version`, as in the catalogue. */
  name: string
  /** Of what kind its effect is, so that whoever takes over knows how to look for it; a patch unless told. */
  effect?: EffectName
  /** Ready pods that it takes away before others are ready. */
  readyPodsTaken(view: WorkloadView, step: Pick<PlanStep, 'with' | 'object'>): number
  /** Looks at the workload as it is and says what to write, or why nothing is. Has no effect of its own. */
  prepare(preparation: Preparation): Prepared | Refusal
  /** The JSON Patch that brings the before-image back, by what was recorded when it was done. Absent where nothing can. */
  undo?(step: ExecutionStep, view: WorkloadView): JsonPatchOperation[] | Refusal
  /** For what `undo` cannot take back once all pods are replaced: what can while only the first is. */
  undoBeforeRest?(step: ExecutionStep, view: WorkloadView): JsonPatchOperation[] | Refusal
  /** Pods that keep the controller from doing what it was told, to be evicted as part of the same action. */
  inTheWay?(view: WorkloadView): Pod[]
}

/** How an action on one object of another kind is done. It takes no ready pod away. */
export interface ObjectWork {
  on: 'object'
  name: string
  effect?: EffectName
  prepare(preparation: ObjectPreparation): Prepared | Refusal | Promise<Prepared | Refusal>
  undo?(step: ExecutionStep, object: KubernetesObject): JsonPatchOperation[] | Refusal
}

/** One of the pods that a step on several objects takes, and whose it is. */
export interface Member {
  pod: Pod
  /** What brings it back. */
  target: Target
}

/**
 * How an action on several pods is done: what it writes to its own object first, then each pod by a step of its own, one after the
 * other, with every test and record that a step has.
 */
export interface SeveralWork {
  on: 'several'
  name: string
  /** Of each of its pods. */
  memberEffect: 'evict' | 'delete'
  /** What is written to the step's own object before. Absent where nothing is. */
  prepare?(preparation: ObjectPreparation): Prepared | Refusal
  undo?(step: ExecutionStep, object: KubernetesObject): JsonPatchOperation[] | Refusal
  /**
   * The pods that are to be taken now, in their order; or why nothing may be done at all.
   *
   * @param takenCount how many were taken by this step before
   * @throws KubeError
   */
  members(preparation: SeveralPreparation, takenCount: number): Promise<readonly Member[] | Refusal>
  /** Looks at a pod once more, right before it is taken. */
  prepareMember(pod: Pod): Prepared | Refusal
}

/** How an action that changes the cluster is done. */
export type ActionWork = WorkloadWork | ObjectWork | SeveralWork

export function isRefusal(answer: object): answer is Refusal {
  return 'code' in answer && 'say' in answer
}

/** What cannot be known from an object's text, only from the server: its state when it was read. */
export const uidOf = (object: KubernetesObject): string => object.metadata?.uid ?? ''

export const restoring = (say: string, patch: JsonPatchOperation[]): Undo => ({
  how: 'restore',
  say,
  status: 'available',
  patch: patch.map((operation) => ({ ...operation })),
})

export const isSeveral = (work: ActionWork | undefined): work is SeveralWork => work?.on === 'several'

export const irreversible = (say: string): Undo => ({ how: 'none', say, status: 'not-possible' })
