import { containerConfig, imagePull } from './container-waiting.ts'
import { crashLoop } from './crash-loop.ts'
import { jobFailed } from './job-failed.ts'
import { memoryKill } from './memory-kill.ts'
import { nodeNotReady, nodePressure } from './node-condition.ts'
import { podNotReady } from './pod-not-ready.ts'
import { podPending } from './pod-pending.ts'
import { rolloutStuck } from './rollout-stuck.ts'
import type { StateRule } from './state-rule.ts'
import { workloadUnavailable } from './workload-unavailable.ts'

/** Every rule over object state. A new one is a file of its own and a line here. */
export const STATE_RULES: readonly StateRule[] = [
  crashLoop,
  imagePull,
  containerConfig,
  memoryKill,
  podNotReady,
  podPending,
  rolloutStuck,
  workloadUnavailable,
  jobFailed,
  nodeNotReady,
  nodePressure,
]
