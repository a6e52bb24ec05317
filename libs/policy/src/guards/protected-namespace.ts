import type { Guard } from '../guard.ts'

/** Refuses what lies in a protected namespace, or in none: cluster-wide objects are not touched. */
export const protectedNamespace: Guard = ({ plan, protectedNamespaces }) => {
  if (!protectedNamespaces.isKnown)
    return { code: 'protected-unknown', say: `The protected namespaces cannot be read: ${protectedNamespaces.why}` }
  const objects = [plan.target, ...[...plan.steps, ...plan.fallback].map(({ object }) => object)]
  const touched = objects.find(({ namespace }) => namespace === '' || protectedNamespaces.value.includes(namespace))
  if (!touched) return undefined
  return touched.namespace === ''
    ? {
        code: 'protected-namespace',
        say: `${touched.kind}/${touched.name} lies in no namespace; such objects are never changed.`,
      }
    : { code: 'protected-namespace', say: `The namespace ${touched.namespace} is protected.` }
}
