import type { Pod, PodTemplate, Volume } from '@kubewise/kube'
import type { Context } from '../context/context.ts'
import type { Arrival } from './arrivals.ts'
import { claimTemplatesOf, claimVolumes } from './pod-fields.ts'

/** A StatefulSet's pod has its claims by its own name: that of the pod which goes, else of its first. */
function claimsOf({ target }: Pick<Context, 'target'>, { leaving }: Pick<Arrival, 'leaving'>): Volume[] {
  const podName = leaving[0]?.metadata?.name ?? `${target?.metadata?.name ?? ''}-0`
  return claimVolumes(claimTemplatesOf(target), podName)
}

/** The template with the volumes that its controller would add. */
export function completeTemplate(context: Pick<Context, 'target'>, arrival: Arrival): PodTemplate {
  const claims = claimsOf(context, arrival)
  const { spec } = arrival.template
  if (claims.length === 0 || !spec) return arrival.template
  return { ...arrival.template, spec: { ...spec, volumes: [...(spec.volumes ?? []), ...claims] } }
}

/** The pod as its controller would make it, for a dry run; nothing of it is ever stored. */
export function podFrom(context: Pick<Context, 'target' | 'incident'>, arrival: Arrival): Pod {
  const { metadata, spec } = completeTemplate(context, arrival)
  const { namespace, name } = context.incident.target
  return {
    metadata: {
      namespace,
      generateName: `${name.slice(0, 200)}-`,
      ...(metadata?.labels && { labels: metadata.labels }),
      ...(metadata?.annotations && { annotations: metadata.annotations }),
    },
    ...(spec && { spec }),
  }
}
