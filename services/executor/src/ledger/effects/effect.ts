import type { ExecutionStep } from '@kubewise/contracts'
import type { JsonPatchOperation, KubernetesObject } from '@kubewise/kube'
import type { Work } from '../../work.ts'

/** One write to the cluster, ready to be sent. */
export type Effect =
  | { kind: 'patch'; operations: JsonPatchOperation[] }
  /** As a patch, through the subresource that changes a running pod's resources. */
  | { kind: 'resize'; operations: JsonPatchOperation[] }
  | { kind: 'evict'; uid: string }
  | { kind: 'delete'; uid: string; gracePeriodSeconds?: number }
  | { kind: 'create'; object: KubernetesObject }

export type EffectName = Effect['kind']

/** What the cluster shows of a write: that it landed, nothing, or not even the object. */
export type Trace = 'done' | 'absent' | 'gone'

/** By what a write is recognised in the cluster. */
export interface Sought {
  /** What it leaves on the object. */
  marker: string
  /** What it changes; of a step that is taken back, the other way round. */
  changes: ExecutionStep['changes']
}

/** How one kind of effect is sent, and how it is seen whether it landed: also by whoever finds only the ledger after a crash. */
export interface EffectKind<E extends Effect = Effect> {
  /** Sends it once. @throws KubeError */
  send(work: Work, step: ExecutionStep, effect: E): Promise<void>
  /** @throws KubeError when the cluster cannot be read */
  look(work: Work, step: ExecutionStep, sought: Sought): Promise<Trace>
  /** What a write was prepared for; after a conflict, another state is worth another look. Absent where a conflict is final. */
  stateOf?(object: KubernetesObject): string
  /** The uid of what was made, for its undoing. @throws KubeError */
  madeUid?(work: Work, step: ExecutionStep, sought: Sought): Promise<string | undefined>
  /** Does 429 mean that the server is busy? For an eviction it is a disruption budget's no. */
  isBusyBy429: boolean
}
