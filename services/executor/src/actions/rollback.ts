import { revisionLabelOf, templateHash, type JsonPatchOperation, type PodTemplate } from '@kubewise/kube'
import { readyPodsTakenByReplacing } from './replacing.ts'
import { stuckPods } from './stuck-pods.ts'
import { irreversible, type WorkloadWork } from './work.ts'

const PATH = '/spec/template'

/** Recorded in place of a template, which may hold what is nobody's business: where to find it, and how to recognise it. */
interface TemplateReference {
  op: 'test' | 'replace'
  path: typeof PATH
  hash: string
}

const revisionNumber = (values: Readonly<Record<string, unknown>>) => Number(values['toRevision'])
const replaceBy = (template: PodTemplate): JsonPatchOperation => ({ op: 'replace', path: PATH, value: template })

/** Replaces the template by that of a named revision; as a whole, so that what the bad one added goes too. */
export const rollback: WorkloadWork = {
  on: 'workload',
  name: 'rollback@1',

  readyPodsTaken(view, step) {
    const to = view.revisions.find(({ number }) => number === revisionNumber(step.with))
    return readyPodsTakenByReplacing(view, (pod) => revisionLabelOf(pod) !== to?.label)
  },

  prepare({ view, step }) {
    const number = revisionNumber(step.with)
    const { workload, revisions } = view
    const to = revisions.find((revision) => revision.number === number)
    const template = workload.spec?.template
    const from = template && templateHash(template)
    if (!to) return { code: 'revision-gone', say: `Revision ${number} is not remembered by the cluster any more.` }
    if (to.hash === from) return { code: 'already-so', say: `Revision ${number} is what the workload has already.` }
    const before = revisions.find(({ hash }) => hash === from)
    const back: TemplateReference[] = [
      { op: 'test', path: PATH, hash: to.hash },
      { op: 'replace', path: PATH, hash: before?.hash ?? '' },
    ]
    return {
      effect: { kind: 'patch', operations: [replaceBy(to.template)] },
      changes: [{ path: PATH, before: from ?? null, after: to.hash }],
      undo: before
        ? {
            how: 'restore',
            say: `Brings back the template of revision ${before.number}.`,
            status: 'available',
            patch: back.map((one) => ({ ...one })),
          }
        : irreversible('The template before belongs to no revision that the cluster remembers.'),
    }
  },

  undo({ changes }, { workload, revisions }) {
    const [change] = changes
    const template = workload.spec?.template
    if (!template || templateHash(template) !== change?.after)
      return { code: 'changed-since', say: 'Somebody has changed the template since; it is left as it is.' }
    const before = revisions.find(({ hash }) => hash === change.before)
    return before
      ? [replaceBy(before.template)]
      : { code: 'revision-gone', say: 'The template before is not remembered by the cluster any more.' }
  },

  inTheWay: stuckPods,
}
