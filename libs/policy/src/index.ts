export type { ActionSpec, Impact, Permission } from './action.ts'
export {
  allRefusals,
  firstRefusal,
  known,
  unknown,
  type FreshnessState,
  type Guard,
  type GuardContext,
  type Known,
  type Limits,
  type StormState,
  type TargetObject,
} from './guard.ts'
