import { SETTLED, subjects, type Execution, type ExecutionStep } from '@kubewise/contracts'
import type { Runtime } from '../runtime.ts'
import { createSerial } from '../serial.ts'
import { LostError } from './lost.ts'

/** The one document of an execution; each change is one compare-and-set by the one who holds it. */
export interface Ledger {
  readonly execution: Execution
  /** @throws LostError when another holds it now; StoreError when it is not known whether the change was written */
  change(what: (execution: Execution) => Execution): Promise<void>
  changeStep(id: string, what: (step: ExecutionStep) => ExecutionStep): Promise<void>
  step(id: string): ExecutionStep
}

type LedgerPorts = Pick<Runtime, 'record' | 'bus' | 'clock' | 'log' | 'holder' | 'options'>

/** Tells the bus how an execution stands. The record is what counts: whoever misses this finds it there. */
export function announce({ bus, log }: Pick<Runtime, 'bus' | 'log'>, execution: Execution): void {
  const id = `${execution._id}-${execution.status}-${execution.version}`
  bus
    .publish(subjects.execution(execution.target), { kind: 'execution', execution }, { id })
    .catch((error: unknown) => log.warn({ err: error, plan: execution._id }, 'execution not announced'))
}

const stateOf = ({ status, refusal, steps }: Execution) =>
  [status, refusal?.code, ...steps.flatMap((step) => [step.status, step.undo?.status])].join()

export function openLedger(ports: LedgerPorts, opened: Execution): Ledger {
  const { record, holder } = ports
  const inTurn = createSerial()
  let execution = opened

  async function write(what: (execution: Execution) => Execution): Promise<void> {
    const next = what(execution)
    if ((await record.executions.replace(next)) === 'conflict')
      throw new LostError(`the execution of plan ${execution._id} is not held by ${holder} any more`)
    const before = stateOf(execution)
    execution = { ...next, version: next.version + 1 }
    if (stateOf(execution) !== before) announce(ports, execution)
  }

  const step = (id: string) => {
    const found = execution.steps.find((each) => each.id === id)
    if (!found) throw new RangeError(`execution ${execution._id} has no step ${id}`)
    return found
  }

  return {
    get execution() {
      return execution
    },
    step,
    change: (what) => inTurn(() => write(what)),
    changeStep: (id, what) =>
      inTurn(() =>
        write((current) => ({
          ...current,
          steps: current.steps.map((each) => (each.id === id ? what(each) : each)),
        })),
      ),
  }
}

export const isSettled = ({ status }: Execution): boolean => SETTLED.includes(status)
