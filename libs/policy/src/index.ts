export { ANNOTATIONS, wishesOf, type Wishes } from './annotations.ts'
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
  actingMode,
  ALWAYS_PROTECTED_NAMESPACES,
  DEFAULT_LIMITS,
  DEFAULT_PROTECTED_NAMESPACES,
  isWithinRisk,
  limitsOf,
  modeOf,
  protectedNamespacesOf,
  strictestMode,
} from './limits.ts'
export { needsOf, sayNeed, type Need } from './needs.ts'
export { fitsOf, matcherMistakes, type Fits, type Matched } from './matchers.ts'
export { FALLBACK_ID, mostAtOnce, sortSteps, stepOrder, type StepOrder } from './step-order.ts'
export { isFrozen, stormStateOf, type Census } from './storm.ts'
export { freezesOf, isOn, readWindows, scheduleMistakes, type ReadWindow, type Schedule } from './windows/windows.ts'
export { raiseRefusal, type Raise } from './raise.ts'
export { rbacFor, type RbacRule } from './rbac.ts'
