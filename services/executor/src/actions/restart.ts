import type { JsonPatchOperation } from '@kubewise/kube'
import { readyPodsTakenByReplacing } from './replacing.ts'
import { stuckPods } from './stuck-pods.ts'
import { irreversible, type WorkloadWork } from './work.ts'

const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt'
const METADATA = '/spec/template/metadata'

/** Replaces all pods by changing one annotation of their template, the one that `kubectl rollout restart` changes. */
export const restart: WorkloadWork = {
  on: 'workload',
  name: 'restart@1',

  readyPodsTaken: (view) => readyPodsTakenByReplacing(view, () => true),

  prepare({ view, planCreatedMs }) {
    const { metadata } = view.workload.spec?.template ?? {}
    // A constant of the plan: sending it twice would restart once.
    const at = new Date(planCreatedMs).toISOString().replace(/\.\d+Z$/, 'Z')
    const before = metadata?.annotations?.[RESTARTED_AT]
    if (before === at) return { code: 'already-so', say: `It was restarted as of ${at} already.` }
    const operations: JsonPatchOperation[] = metadata?.annotations
      ? [{ op: 'add', path: `${METADATA}/annotations/${RESTARTED_AT.replace('/', '~1')}`, value: at }]
      : [
          {
            op: 'add',
            path: metadata ? `${METADATA}/annotations` : METADATA,
            value: metadata ? { [RESTARTED_AT]: at } : { annotations: { [RESTARTED_AT]: at } },
          },
        ]
    return {
      effect: { kind: 'patch', operations },
      changes: [
        { path: `${METADATA}/annotations/${RESTARTED_AT.replace('/', '~1')}`, before: before ?? null, after: at },
      ],
      undo: irreversible(
        'Pods that were restarted cannot be brought back; the template is the same but for one annotation.',
      ),
    }
  },

  undoBeforeRest({ changes: [change] }, { workload }) {
    const annotations = workload.spec?.template?.metadata?.annotations
    if (!change || annotations?.[RESTARTED_AT] !== change.after)
      return { code: 'changed-since', say: 'Somebody has restarted it since; it is left as it is.' }
    if (typeof change.before === 'string') return [{ op: 'replace', path: change.path, value: change.before }]
    // Without a trace, so that the template is that of the old pods again.
    const isAlone = Object.keys(annotations ?? {}).length === 1
    return [{ op: 'remove', path: isAlone ? `${METADATA}/annotations` : change.path }]
  },

  inTheWay: stuckPods,
}
