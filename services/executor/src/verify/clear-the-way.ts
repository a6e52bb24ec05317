import type { ExecutionStep } from '@kubewise/contracts'
import type { Pod } from '@kubewise/kube'
import { workOf } from '../actions/index.ts'
import { uidOf } from '../actions/work.ts'
import type { WorkloadView } from '../context/workload.ts'
import { carryOutStep } from '../stages/carry-out-step.ts'
import type { Work } from '../work.ts'

const EVICT = 'evict-pod@1'

/** Known by its parent and the pod's uid: the same pod is never evicted twice for one step. */
function evictionOf(work: Work, parent: ExecutionStep, pod: Pod): ExecutionStep {
  const { name = '', namespace = '' } = pod.metadata ?? {}
  const id = `${parent.id}.${name}.${uidOf(pod).slice(0, 8)}`
  return {
    id,
    action: EVICT,
    object: { cluster: work.plan.cluster, kind: 'Pod', namespace, name, uid: uidOf(pod) },
    isFallback: parent.isFallback,
    status: 'pending',
    marker: `${work.plan._id}/${id}/0`,
    changes: [],
  }
}

/**
 * Evicts pods that keep the controller from doing what a step told it, each once, through the same ledger. One that the
 * server refuses (a disruption budget) stays; the verdict then says how it ended.
 */
export async function clearTheWay(work: Work, view: WorkloadView): Promise<void> {
  const { ledger } = work
  for (const parent of ledger.execution.steps.filter(({ status }) => status === 'observed')) {
    for (const pod of workOf(parent.action)?.inTheWay?.(view) ?? []) {
      const eviction = evictionOf(work, parent, pod)
      const known = ledger.execution.steps.find(({ id }) => id === eviction.id)
      if (!known) await ledger.change((execution) => ({ ...execution, steps: [...execution.steps, eviction] }))
      if (!known || known.status === 'sent' || known.status === 'intent' || known.status === 'pending')
        await carryOutStep(work, eviction.id)
    }
  }
}
