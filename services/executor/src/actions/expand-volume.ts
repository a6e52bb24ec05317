import { quantityToNumber, type PersistentVolumeClaim, type QuantityText } from '@kubewise/kube'
import { raiseRefusal } from '@kubewise/policy'
import { irreversible, type ObjectWork } from './work.ts'

const PATH = '/spec/resources/requests/storage'
const ORIGINAL = 'claim/storage'

function bytesOf(quantity: QuantityText | undefined): number {
  try {
    return quantity === undefined ? Number.NaN : quantityToNumber(quantity)
  } catch {
    return Number.NaN
  }
}

/** Asks for a larger volume; whether its class can give one is the API server's to say. */
export const expandVolume: ObjectWork = {
  on: 'object',
  name: 'expand-volume@1',

  prepare({ object, step, record, incident, limits }) {
    const { spec, status, metadata }: PersistentVolumeClaim = object
    const before = spec?.resources?.requests?.['storage']
    const after = String(step.with['size'])
    if (status?.phase !== 'Bound')
      return { code: 'claim-unbound', say: `The claim ${metadata?.name} has no volume that could grow.` }
    if (before !== undefined && bytesOf(before) === bytesOf(after))
      return { code: 'already-so', say: `${before} are asked for already.` }
    const earlier = record.originalsOf === incident ? record.originals[ORIGINAL] : undefined
    const original = earlier ?? String(before)
    const refusal = raiseRefusal(
      { original: bytesOf(original), current: bytesOf(before), next: bytesOf(after) },
      limits,
    )
    if (refusal) return refusal
    return {
      effect: {
        kind: 'patch',
        operations: [
          { op: 'test', path: PATH, value: before },
          { op: 'replace', path: PATH, value: after },
        ],
      },
      changes: [{ path: PATH, before, after }],
      undo: irreversible('A volume cannot be made smaller.'),
      originals: { [ORIGINAL]: original },
    }
  },
}
