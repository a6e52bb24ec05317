import type { PersistentVolumeClaim } from '@kubewise/kube'
import { raiseRefusal } from '@kubewise/policy'
import { amountOf, asStored, exchange } from './exchange.ts'
import { irreversible, type ObjectWork } from './work.ts'

const PATH = '/spec/resources/requests/storage'
const ORIGINAL = 'claim/storage'

/** Asks for a larger volume; whether its class can give one is the API server's to say. */
export const expandVolume: ObjectWork = {
  on: 'object',
  name: 'expand-volume@1',

  prepare({ object, step, record, incident, limits }) {
    const { spec, status, metadata }: PersistentVolumeClaim = object
    const before = spec?.resources?.requests?.['storage']
    const after = asStored(String(step.with['size']))
    if (status?.phase !== 'Bound')
      return { code: 'claim-unbound', say: `The claim ${metadata?.name} has no volume that could grow.` }
    if (before !== undefined && amountOf(before) === amountOf(after))
      return { code: 'already-so', say: `${before} are asked for already.` }
    const earlier = record.originalsOf === incident ? record.originals[ORIGINAL] : undefined
    const original = earlier ?? String(before)
    const refusal = raiseRefusal(
      { original: amountOf(original), current: amountOf(before), next: amountOf(after) },
      limits,
    )
    if (refusal) return refusal
    return {
      effect: {
        kind: 'patch',
        operations: exchange(PATH, before, after),
      },
      changes: [{ path: PATH, before, after }],
      undo: irreversible('A volume cannot be made smaller.'),
      originals: { [ORIGINAL]: original },
    }
  },
}
