import { fact } from '../finding.ts'
import { ruleFor, SECOND } from './state-rule.ts'

/** A node that is not ready (Unknown, the dead or cut-off node, is as bad as False). */
export const nodeNotReady = ruleFor('Node', {
  name: 'node-not-ready',
  version: 1,
  forMs: 20 * SECOND,
  clearMs: 30 * SECOND,
  look: ({ conditions }) => {
    const ready = conditions.find((condition) => condition.type === 'Ready')
    return ready && ready.status !== 'True'
      ? fact('critical', `The node is not ready (${ready.status}).`, {
          status: ready.status,
          reason: ready.reason ?? '',
        })
      : undefined
  },
})

const PRESSURES = new Set(['MemoryPressure', 'DiskPressure', 'PIDPressure'])

/** A node that runs out of memory, disk or process ids. */
export const nodePressure = ruleFor('Node', {
  name: 'node-pressure',
  version: 1,
  forMs: 10 * SECOND,
  clearMs: 60 * SECOND,
  look: ({ conditions }) => {
    const pressure = conditions.find((condition) => PRESSURES.has(condition.type) && condition.status === 'True')
    return pressure && fact('warning', `The node reports ${pressure.type}.`, { condition: pressure.type })
  },
})
