import type { Facts, Parameters } from '@kubewise/contracts'

/** What actions do, as far as harm is concerned: the name without its version, so that a new version is bound by the same rules. */
export type Deed =
  | 'evict-pod'
  | 'restart'
  | 'rollback'
  | 'set-resources'
  | 'scale'
  | 'set-autoscaler-maximum'
  | 'expand-volume'
  | 'cordon'
  | 'uncordon'

/** One way in which an action would do harm, or no good, in the state that the facts tell of. */
export interface Harm {
  code: string
  /** Failures of the catalogue that teach it. */
  catalogue: readonly number[]
  /** Actions that do it; `all` for whatever changes the cluster, also what is not known yet. */
  by: readonly Deed[] | 'all'
  when: (facts: Facts, parameters: Parameters) => boolean
  say: string
}
