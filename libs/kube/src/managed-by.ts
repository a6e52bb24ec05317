import type { KubernetesObject, OwnerReference } from './objects.ts'

/** Someone who would take back what we change, or be confused by it. */
export interface Manager {
  by: 'argo-cd' | 'flux' | 'operator'
  /** The Argo CD application, Flux's resource, or the operator's resource. */
  name: string
  say: string
}

const BUILT_IN_GROUPS: ReadonlySet<string> = new Set(['', 'apps', 'batch', 'autoscaling', 'policy'])
const ARGO_MANAGERS: ReadonlySet<string> = new Set(['argocd-controller', 'argocd-application-controller'])

type Marks = Readonly<Record<string, string>>

function argoCd(object: KubernetesObject, labels: Marks, annotations: Marks): string | undefined {
  const trackingId = annotations['argocd.argoproj.io/tracking-id']
  if (trackingId !== undefined) return trackingId.split(':', 1)[0]
  const instance = labels['argocd.argoproj.io/instance']
  if (instance !== undefined) return instance
  // Before 3.0 Argo CD tracks by this label alone, which Helm sets too: who wrote the fields tells them apart.
  const isWriter = object.metadata?.managedFields?.some(({ manager = '' }) => ARGO_MANAGERS.has(manager)) === true
  const isAnnotated = Object.keys(annotations).some((key) => key.startsWith('argocd.argoproj.io/'))
  return isWriter || isAnnotated ? (labels['app.kubernetes.io/instance'] ?? 'unknown') : undefined
}

function flux(labels: Marks): string | undefined {
  for (const kind of ['kustomize', 'helm']) {
    const name = labels[`${kind}.toolkit.fluxcd.io/name`]
    if (name !== undefined) return `${labels[`${kind}.toolkit.fluxcd.io/namespace`] ?? ''}/${name}`
  }
  return undefined
}

function isForeign(reference: OwnerReference): boolean {
  const slash = reference.apiVersion.indexOf('/')
  return !BUILT_IN_GROUPS.has(slash === -1 ? '' : reference.apiVersion.slice(0, slash))
}

/**
 * Who besides its own controller keeps this object as it is: Argo CD, Flux, or an operator by its owner reference.
 * Helm is none of them: it writes at a release and never looks again.
 */
export function managerOf(object: KubernetesObject): Manager | undefined {
  const { labels = {}, annotations = {}, ownerReferences = [] } = object.metadata ?? {}
  const application = argoCd(object, labels, annotations)
  if (application !== undefined) {
    return { by: 'argo-cd', name: application, say: `Argo CD's application ${application} would revert a change.` }
  }
  const fluxName = flux(labels)
  if (fluxName !== undefined) return { by: 'flux', name: fluxName, say: `Flux (${fluxName}) would revert a change.` }
  const operator = ownerReferences.find(isForeign)
  if (operator === undefined) return undefined
  const name = `${operator.kind}/${operator.name}`
  return { by: 'operator', name, say: `The operator of ${name} would revert a change.` }
}
