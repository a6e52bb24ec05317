import type { AdmissionContext, AdmissionRequest, Check, Mutate } from './admission.ts'
import { checkLimitRange, fillFromLimitRange } from './limit-range.ts'
import { checkNamespace } from './namespace-lifecycle.ts'
import { fillPriority, fillServiceAccount, fillTolerations } from './pod-defaults.ts'
import { checkPodSecurity } from './pod-security.ts'
import { checkQuota } from './quota.ts'
import { checkWebhooks, WEBHOOKS } from './webhooks.ts'

/** The plugins that are on in every cluster, in the order of the real chain. */
const MUTATING: readonly Mutate[] = [
  checkNamespace,
  fillFromLimitRange,
  fillServiceAccount,
  fillPriority,
  fillTolerations,
  (request, context) => checkWebhooks(WEBHOOKS.Mutating, request, context),
]

const CHECKING: readonly Check[] = [
  checkLimitRange,
  checkPodSecurity,
  (request, context) => checkWebhooks(WEBHOOKS.Validating, request, context),
  checkQuota,
]

/** Before validation: may change the object. @throws ApiStatus where a plugin refuses */
export function admit(request: AdmissionRequest, context: AdmissionContext): void {
  for (const plugin of MUTATING) plugin(request, context)
}

/** After validation: the last word. @throws ApiStatus where a plugin refuses */
export function checkAdmission(request: AdmissionRequest, context: AdmissionContext): void {
  for (const plugin of CHECKING) plugin(request, context)
}
