import { autoscalerAtMaximum, autoscalerBlind } from './autoscaler.ts'
import { budgetDeadlock } from './budget-deadlock.ts'
import { claimLost, claimPending } from './claim.ts'
import { containerConfig, imagePull } from './container-waiting.ts'
import { crashLoop } from './crash-loop.ts'
import { creationRefused } from './creation-refused.ts'
import { initHanging } from './init-hanging.ts'
import { jobFailed } from './job-failed.ts'
import { killedByProbe } from './killed-by-probe.ts'
import { memoryKill } from './memory-kill.ts'
import { nodeNotReady, nodePressure } from './node-condition.ts'
import { nodeCordoned } from './node-cordoned.ts'
import { podEvicted, podPreempted } from './pod-evicted.ts'
import { podNotReady } from './pod-not-ready.ts'
import { podPending } from './pod-pending.ts'
import { quotaExhausted } from './quota-exhausted.ts'
import { rolloutStuck } from './rollout-stuck.ts'
import { serviceWithoutEndpoints } from './service-without-endpoints.ts'
import type { StateRule } from './state-rule.ts'
import { webhookDown } from './webhook-down.ts'
import { workloadUnavailable } from './workload-unavailable.ts'

/** Every rule over object state. A new one is a file of its own and a line here. */
export const STATE_RULES: readonly StateRule[] = [
  crashLoop,
  imagePull,
  containerConfig,
  memoryKill,
  killedByProbe,
  initHanging,
  podEvicted,
  podPreempted,
  podNotReady,
  podPending,
  rolloutStuck,
  workloadUnavailable,
  creationRefused,
  jobFailed,
  nodeNotReady,
  nodePressure,
  nodeCordoned,
  autoscalerAtMaximum,
  autoscalerBlind,
  claimPending,
  claimLost,
  budgetDeadlock,
  quotaExhausted,
  serviceWithoutEndpoints,
  webhookDown,
]
