import { Type, type Static } from 'typebox'
import { optional, strict, Text } from './schema.ts'

/** `name@version`. */
export const ACTION_NAME = /^[a-z][a-z-]*@[1-9][0-9]*$/
export const ActionName = Type.String({ pattern: ACTION_NAME.source })

export const RISKS = ['low', 'medium', 'high'] as const
export type Risk = (typeof RISKS)[number]

/** Parameters of an action, resolved: what they may be is the action's own schema (libs/policy). */
export const Parameters = Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()]))
export type Parameters = Static<typeof Parameters>

/** A value in a playbook: a literal, or a fact of the incident's context by path. */
export const PlaybookValue = Type.Union([
  Type.String(),
  Type.Number(),
  Type.Boolean(),
  strict({ fact: Type.String({ pattern: '^[A-Za-z][A-Za-z0-9]*(\\.[A-Za-z][A-Za-z0-9]*)*$' }) }),
])
export type PlaybookValue = Static<typeof PlaybookValue>

/** What a step is called within its plan. What is derived from it has other characters: `<step>.rest`, `<step>/<uid>`. */
export const StepId = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' })

/** An action as a playbook names it. */
export const PlaybookStep = strict({
  id: optional(StepId),
  action: ActionName,
  with: optional(Type.Record(Type.String(), PlaybookValue)),
  needs: optional(Type.Array(StepId)),
  when: optional(Text),
  timeoutSeconds: optional(Type.Number({ exclusiveMinimum: 0, maximum: 3600 })),
})
export type PlaybookStep = Static<typeof PlaybookStep>

/** What can be verified after an action; a closed list, like actions. */
export const VERIFICATIONS = [
  'workload-available',
  'no-restarts-since-action',
  'no-oom-since-action',
  'signal-cleared',
  'pod-replaced',
  'change-stands',
  'volume-expanded',
  'job-completed',
] as const
export type Verification = (typeof VERIFICATIONS)[number]

/**
 * The original's action names and what they are here; accepted wherever an action is named by a person.
 * `scale_deployment` and `scale_statefulset` are one action: the target's kind decides.
 */
export const ACTION_ALIASES: Readonly<Record<string, string>> = {
  rollback_deployment: 'rollback@1',
  scale_deployment: 'scale@1',
  scale_statefulset: 'scale@1',
  scale_replicas: 'scale@1',
  restart_deployment: 'restart@1',
  restart_statefulset: 'restart@1',
  restart_daemonset: 'restart@1',
  delete_pod: 'delete-pod@1',
  force_delete_pod: 'delete-pod@1',
  drain_node: 'drain@1',
  restart_job: 'rerun-job@1',
  evict_pod: 'evict-pod@1',
  restart_pod: 'evict-pod@1',
  vertical_scale_deployment: 'set-resources@1',
  vertical_scale_statefulset: 'set-resources@1',
  update_resource_limits: 'set-resources@1',
  patch_resources: 'set-resources@1',
  cordon_node: 'cordon@1',
  uncordon_node: 'uncordon@1',
  taint_node: 'taint@1',
  manual_intervention: 'escalate@1',
  escalate: 'escalate@1',
  wait: 'wait@1',
  noop: 'no-op@1',
}
