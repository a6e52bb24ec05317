import type { Guard } from '../guard.ts'

/** Refuses what lies in a protected namespace, or in none: of cluster-wide objects nodes are changed where the installation says so, and no others. */
export const protectedNamespace: Guard = ({ plan, protectedNamespaces, limits }) => {
  if (!protectedNamespaces.isKnown)
    return { code: 'protected-unknown', say: `The protected namespaces cannot be read: ${protectedNamespaces.why}` }
  const objects = [plan.target, ...[...plan.steps, ...plan.fallback].map(({ object }) => object)]
  const touched = objects.find(({ namespace, kind }) =>
    namespace === '' ? !(kind === 'Node' && limits.mayChangeNodes) : protectedNamespaces.value.includes(namespace),
  )
  if (!touched) return undefined
  return touched.namespace === ''
    ? {
        code: 'protected-namespace',
        say: `${touched.kind}/${touched.name} lies in no namespace; such objects are not changed unless it is a node and the installation allows it.`,
      }
    : { code: 'protected-namespace', say: `The namespace ${touched.namespace} is protected.` }
}
