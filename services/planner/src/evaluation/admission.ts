import { RESOURCES, type ResourceName } from '@kubewise/kube'
import type { Context } from '../context/context.ts'
import type { Arrival } from './arrivals.ts'
import { doubt, gravest, refuse, type Draft, type Verdict } from './check.ts'
import { checkLimitRanges } from './limit-range.ts'
import { podSecurity } from './pod-security.ts'
import type { Place } from './place.ts'
import { checkWebhooks, isMutated, type Admitted } from './webhooks.ts'

const ENFORCE = 'pod-security.kubernetes.io/enforce'

/** The namespace's labels as selectors see them: the server sets its name on every one. */
function namespaceLabels({ namespace, incident }: Pick<Context, 'namespace' | 'incident'>): Record<string, string> {
  return { 'kubernetes.io/metadata.name': incident.target.namespace, ...namespace?.metadata?.labels }
}

const creationOf = (context: Context, { template }: Arrival): Admitted => ({
  operation: 'CREATE',
  group: '',
  resource: 'pods',
  labels: template.metadata?.labels ?? {},
  namespaceLabels: namespaceLabels(context),
})

/** What a step itself asks the server for. */
function requestOf(context: Context, { step }: Draft): Admitted[] {
  const common = { labels: context.target?.metadata?.labels ?? {}, namespaceLabels: namespaceLabels(context) }
  if (step.action === 'evict-pod@1') return [{ ...common, operation: 'CREATE', group: '', resource: 'pods/eviction' }]
  const { kind, namespace } = step.object
  if (namespace === '' || !(kind in RESOURCES)) return []
  const { group, plural } = RESOURCES[kind as ResourceName]
  return [{ ...common, operation: 'UPDATE', group, resource: plural }]
}

function security(context: Context, arrival: Arrival, place: Place): Verdict[] {
  const level = context.namespace?.metadata?.labels?.[ENFORCE]
  if (level === undefined) return []
  const { violations, unsure } = podSecurity(level, arrival.template)
  if (violations.length === 0)
    return unsure.length === 0
      ? []
      : [doubt(`Whether Pod Security lets ${unsure.join(', ')} pass cannot be told here.`)]
  const say = `The namespace enforces the Pod Security level ${level}, and a new pod breaks it: ${violations.join('; ')}.`
  return isMutated(creationOf(context, arrival), place)
    ? [doubt(`${say} A mutating webhook may put that right.`)]
    : [refuse('pod-security', say)]
}

/** Would admission take the change, and the pods that must come? Judged by what is configured, where nothing can be asked. */
export function checkAdmission(
  context: Context,
  drafts: readonly Draft[],
  arrivals: readonly Arrival[],
  place: Place,
): Verdict {
  const requests = [
    ...arrivals.map((arrival) => creationOf(context, arrival)),
    ...drafts.flatMap((draft) => requestOf(context, draft)),
  ]
  const verdicts = [
    ...arrivals.flatMap((arrival) => security(context, arrival, place)),
    ...(arrivals.length > 0 ? [checkLimitRanges(arrivals, place)] : []),
    checkWebhooks(requests, place),
  ]
  return gravest(
    verdicts.filter(({ verdict }) => verdict !== 'passed'),
    'Pod Security, limit ranges and webhooks stand in no way.',
  )
}
