import type { Decoded, Entity, Facts, Parameters, Risk, Target } from '@kubewise/contracts'
import type { TSchema } from 'typebox'

/** One permission at the Kubernetes API, as RBAC writes it. */
export interface Permission {
  group: string
  resource: string
  subresource?: string
  verb: string
}

/** What a step takes from its target, for guards and for people. */
export interface Impact {
  /** Pods that will be replaced. */
  pods: number
  /** Of the ready ones: taken away before a replacement is ready. */
  readyPodsTaken: number
  restarts: boolean
}

/**
 * What an action is: its parameters, risk and needs. How it is done lies in the executor's `actions/<name>.ts`. The planner
 * offers it, the executor runs it, the chart makes RBAC of it, its page is written from it.
 */
export interface ActionSpec {
  /** `name@version`. */
  name: string
  title: string
  /** Kinds of object it acts on; `Pod` where it acts on one of the target's pods. */
  kinds: readonly string[]
  parameters: TSchema
  /** Checks parameters after substitution; the schema's bounds are hard. */
  decode(parameters: Parameters): Decoded<Parameters>
  risk: Risk
  /** No effect on the cluster but an Event: escalate, notify, wait. */
  isPassive: boolean
  /** Acts on a rollout that is paused, which all others leave alone. */
  isForPaused?: boolean
  /** Sets the replicas of a workload: not where an autoscaler does. */
  setsReplicas: boolean
  /** A change that was not enough stays until the incident ends: the next attempt builds on it, the last one undoes all. */
  keepsWhenNotEnough: boolean
  needs(kind: string): readonly Permission[]
  /** The object it writes to, where that is not the target itself. */
  objectOf?(target: Target, parameters: Parameters): Entity
  /** Is that object the target's own? Whoever names another's is not believed. */
  isOwn?(facts: Facts, parameters: Parameters): boolean
  useWhen: string
  notWhen: string
  /** What must hold at the moment of the write, beside the guards; what does not is refused. */
  requires: string
  /** What the cluster shows once it is done. */
  doneWhen: string
  /** `restore`: the before-image by patch. `compensate`: by an effect of its own, said in `say`. `none`, with the reason. */
  undo: { how: 'restore' } | { how: 'compensate' | 'none'; say: string }
  impact(facts: Facts, parameters: Parameters): Impact
}
