import { QUIET, type Facts } from '@kubewise/contracts'
import { conditionOf, type HorizontalPodAutoscaler, type KubernetesObject } from '@kubewise/kube'
import { originalOf, raised } from './bounded.ts'
import { templateOf, type Context } from './context.ts'
import { headroomOf } from './scheduling-facts.ts'
import { requestsOf } from './template-references.ts'

const RAISE = 1.5
/** All raises of an incident together. */
const MOST_RAISE = 2
const ORIGINAL = 'autoscaler/maximum'

/** The autoscaler of the target. */
export function autoscalerOf({
  target,
  autoscalers,
}: {
  target: KubernetesObject | undefined
  autoscalers: readonly HorizontalPodAutoscaler[]
}): HorizontalPodAutoscaler | undefined {
  if (!target) return undefined
  return autoscalers.find(({ spec }) => {
    const { kind, name } = spec?.scaleTargetRef ?? {}
    return kind === target.kind && name === target.metadata?.name
  })
}

/** How many pods like the target's the ready nodes could still take; 0 where that is not known. */
function roomFor(context: Context): number {
  const requests = requestsOf(templateOf(context)?.spec)
  return context.nodes
    .filter((node) => node.spec?.unschedulable !== true && conditionOf(node, 'Ready')?.status === 'True')
    .filter((node) => (node.spec?.taints ?? []).every(({ effect }) => effect === 'PreferNoSchedule'))
    .reduce((sum, node) => {
      const room = headroomOf(node, context)
      if (!room) return sum
      const counts = Object.entries(requests)
        .filter(([, amount]) => amount > 0)
        .map(([resource, amount]) => Math.floor(room(resource) / amount))
      return sum + Math.max(0, Math.min(room('pods'), ...counts))
    }, 0)
}

/** By the autoscaler's own conditions; room by the nodes' allocatable less what all their pods ask for. */
export function autoscalerFacts(context: Context): Facts['autoscaler'] {
  const autoscaler = autoscalerOf(context)
  if (!autoscaler) return QUIET.autoscaler
  const { metadata, spec, status } = autoscaler
  const maxReplicas = spec?.maxReplicas ?? 0
  const current = status?.currentReplicas ?? 0
  const limited = conditionOf(autoscaler, 'ScalingLimited')
  const active = conditionOf(autoscaler, 'ScalingActive')
  const nextMax = raised(maxReplicas, RAISE, 1, originalOf(context, ORIGINAL, maxReplicas) * MOST_RAISE)
  return {
    exists: true,
    name: metadata?.name ?? '',
    uid: metadata?.uid ?? '',
    minReplicas: spec?.minReplicas ?? 1,
    maxReplicas,
    current,
    desired: status?.desiredReplicas ?? 0,
    atMax: limited?.status === 'True' && limited.reason === 'TooManyReplicas' && current >= maxReplicas,
    // Switched off by a person (replicas 0) is no failure.
    blind: active?.status === 'False' && active.reason !== 'ScalingDisabled',
    nextMax,
    hasRoom: nextMax > 0 && roomFor(context) >= nextMax - maxReplicas,
  }
}
