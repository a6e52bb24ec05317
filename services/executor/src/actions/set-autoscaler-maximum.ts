import { managerOf, type HorizontalPodAutoscaler } from '@kubewise/kube'
import { raiseRefusal } from '@kubewise/policy'
import { exchange } from './exchange.ts'
import { recordedPatch } from './recorded-patch.ts'
import { restoring, type ObjectWork } from './work.ts'

const PATH = '/spec/maxReplicas'
const ORIGINAL = 'autoscaler/maximum'

/** Raises the maximum of the autoscaler of the target; bounded against what it was before the incident. */
export const setAutoscalerMaximum: ObjectWork = {
  on: 'object',
  name: 'set-autoscaler-maximum@1',

  prepare({ object, target, step, record, incident, limits }) {
    const { spec, metadata }: HorizontalPodAutoscaler = object
    const { kind, name } = spec?.scaleTargetRef ?? {}
    const before = spec?.maxReplicas
    const after = Number(step.with['maxReplicas'])
    if (kind !== target.kind || name !== target.name)
      return { code: 'foreign-object', say: `The autoscaler ${metadata?.name} does not scale ${target.name}.` }
    // The guards look at the workload; its autoscaler may be another's all the same (KEDA makes one of its own, say).
    const manager = managerOf(object)
    if (manager) return { code: 'owned-elsewhere', say: `The autoscaler ${metadata?.name}: ${manager.say}` }
    if (before === after) return { code: 'already-so', say: `Its maximum is ${after} already.` }
    const earlier = record.originalsOf === incident ? record.originals[ORIGINAL] : undefined
    const original = earlier ?? String(before)
    const refusal = raiseRefusal({ original: Number(original), current: before ?? Number.NaN, next: after }, limits)
    if (refusal) return refusal
    return {
      effect: {
        kind: 'patch',
        operations: exchange(PATH, before, after),
      },
      changes: [{ path: PATH, before, after }],
      undo: restoring(`Brings back the maximum of ${before}.`, exchange(PATH, after, before)),
      originals: { [ORIGINAL]: original },
    }
  },

  undo: ({ undo }) => recordedPatch(undo?.patch),
}
