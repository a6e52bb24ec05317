import type { ExecutionStep, Refusal } from '@kubewise/contracts'
import type { Pod } from '@kubewise/kube'
import { isPassing } from '@kubewise/policy'
import { workOf } from '../actions/index.ts'
import { uidOf } from '../actions/work.ts'
import type { WorkloadView } from '../context/workload.ts'
import { carryOutStep } from '../stages/carry-out-step.ts'
import { noLongerAllowed } from '../stages/still-allowed.ts'
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

/** One that was sent is looked for in any case; of the others, none while it may not be, and none again that is at its end. */
function isDue(known: ExecutionStep | undefined, barred: Refusal | undefined): boolean {
  if (known?.status === 'sent') return true
  const isOpen = known === undefined || known.status === 'intent' || known.status === 'pending'
  return isOpen && !(barred && isPassing(barred.code))
}

/** Whoever sent an eviction may have died before it was seen: the pod may be gone by now, and stands in nobody's way. */
async function lookForSent(work: Work): Promise<void> {
  const sent = work.ledger.execution.steps.filter(({ action, status }) => action === EVICT && status === 'sent')
  for (const { id } of sent) await carryOutStep(work, id)
}

/**
 * Evicts pods that keep the controller from doing what a step told it, each once, through the same ledger. One that the
 * server refuses (a disruption budget) stays; the verdict then says how it ended. Whether KubeWise may still write here is
 * asked anew: a verification takes minutes, in which a person may have said no.
 */
export async function clearTheWay(work: Work, view: WorkloadView): Promise<void> {
  const { ledger } = work
  await lookForSent(work)
  for (const parent of ledger.execution.steps.filter(({ status }) => status === 'observed')) {
    const done = workOf(parent.action)
    for (const pod of (done?.on === 'workload' && done.inTheWay?.(view)) || []) {
      const eviction = evictionOf(work, parent, pod)
      const known = ledger.execution.steps.find(({ id }) => id === eviction.id)
      const barred = work.barred ?? (await noLongerAllowed(work))
      if (!isDue(known, barred)) continue
      if (!known) await ledger.change((execution) => ({ ...execution, steps: [...execution.steps, eviction] }))
      await carryOutStep({ ...work, ...(barred && { barred }) }, eviction.id)
    }
  }
}
