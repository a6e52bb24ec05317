export type { ActionSpec, Impact, Permission } from './action.ts'
export { actionsPage } from './page.ts'
export { ACTIONS, actionNamed, isPassivePlan, riskOfPlan } from './actions/index.ts'
export { WORKLOAD_KINDS } from './actions/permissions.ts'
export type { SetResources } from './actions/set-resources.ts'
export {
  allRefusals,
  firstRefusal,
  known,
  unknown,
  type FreshnessState,
  type Guard,
  type GuardContext,
  type IncidentState,
  type Known,
  type Limits,
  type StormState,
  type TargetObject,
} from './guard.ts'
export { approvalReason } from './guards/approval.ts'
export { GUARDS, isPassing, type GuardName } from './guards/index.ts'
export { killRefusal } from './guards/kill-switch.ts'
export { readyPodsAllowed } from './guards/ready-share.ts'
export { isStorm } from './guards/storm.ts'
export { FREEZE, harmOf, HARMS, harmsOf, type Deed, type Harm } from './harms/index.ts'
export {
  ALWAYS_PROTECTED_NAMESPACES,
  DEFAULT_LIMITS,
  DEFAULT_PROTECTED_NAMESPACES,
  isWithinRisk,
  limitsOf,
  modeOf,
  protectedNamespacesOf,
  strictestMode,
} from './limits.ts'
export { raiseRefusal, type Raise } from './raise.ts'
export { rbacFor, type RbacRule } from './rbac.ts'
