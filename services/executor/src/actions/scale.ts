import { isPodReady } from '@kubewise/kube'
import { wantedOf } from '../context/workload.ts'
import { exchange } from './exchange.ts'
import { recordedPatch } from './recorded-patch.ts'
import { restoring, type WorkloadWork } from './work.ts'

const PATH = '/spec/replicas'

/** Sets the replicas on the workload itself: the marker must travel in the same write, which `/scale` does not take. */
export const scale: WorkloadWork = {
  on: 'workload',
  name: 'scale@1',

  readyPodsTaken(view, step) {
    const ready = view.pods.filter(isPodReady).length
    return Math.max(0, Math.min(ready, wantedOf(view) - Number(step.with['replicas'])))
  },

  prepare({ view, step }) {
    const after = Number(step.with['replicas'])
    const before = wantedOf(view)
    if (before === 0) return { code: 'scaled-to-zero', say: 'Somebody scaled it to 0; that is a wish.' }
    if (before === after) return { code: 'already-so', say: `It has ${after} replicas already.` }
    return {
      effect: {
        kind: 'patch',
        operations: exchange(PATH, before, after),
      },
      changes: [{ path: PATH, before, after }],
      undo: restoring(`Brings back ${before} replicas.`, exchange(PATH, after, before)),
    }
  },

  undo: ({ undo }) => recordedPatch(undo?.patch),
}
