import type { Resource } from '@kubewise/kube'
import type { ObjectStore } from '../../port.ts'
import type { Reconcile } from '../ports.ts'

/**
 * Reconciles only after a change of one of the resources, as informers let the real controllers do, and every so often
 * since some decisions depend on time alone.
 *
 * @returns the reconciliation, and how to end listening
 */
export function onChange(
  objects: ObjectStore,
  resources: readonly Resource[],
  resyncMs: number,
  reconcile: Reconcile,
): { reconcile: Reconcile; stop: () => void } {
  const watched = new Set(resources.map(({ group, plural }) => `${group}/${plural}`))
  let isDirty = true
  let lastMs = Number.NEGATIVE_INFINITY
  const stop = objects.subscribe(({ resource }) => {
    isDirty ||= watched.has(`${resource.group}/${resource.plural}`)
  })
  return {
    stop,
    reconcile(nowMs) {
      if (!isDirty && nowMs - lastMs < resyncMs) return
      // Before the work: its own changes are reason enough to look again.
      isDirty = false
      lastMs = nowMs
      reconcile(nowMs)
    },
  }
}
