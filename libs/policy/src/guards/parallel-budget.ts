import type { Guard } from '../guard.ts'

/** Refuses one more remediation at the same time than the cluster or the namespace may have. */
export const parallelBudget: Guard = ({ running, limits, plan }) => {
  if (!running.isKnown) return { code: 'running-unknown', say: `What is under way cannot be read: ${running.why}` }
  const { namespace } = plan.target
  const inNamespace = running.value.filter((other) => other.namespace === namespace).length
  if (!(running.value.length < limits.maxParallel))
    return {
      code: 'budget-parallel',
      say: `${running.value.length} remediations are under way, of ${limits.maxParallel} at the same time.`,
    }
  return inNamespace < limits.maxParallelPerNamespace
    ? undefined
    : {
        code: 'budget-parallel-namespace',
        say: `${inNamespace} remediations are under way in ${namespace}, of ${limits.maxParallelPerNamespace} at the same time.`,
      }
}
