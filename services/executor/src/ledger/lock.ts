import {
  keyOf,
  SETTLED,
  titleOf,
  type Execution,
  type Plan,
  type Refusal,
  type Target,
  type TargetRecord,
} from '@kubewise/contracts'
import type { Limits } from '@kubewise/policy'
import type { Runtime } from '../runtime.ts'
import { createSerial } from '../serial.ts'
import { LostError } from './lost.ts'
import { released } from './release.ts'

/** A target, held against every other remediation. */
export interface TargetLock {
  /** Grows with each lock; who has an older one is fenced off. */
  readonly epoch: number
  readonly record: TargetRecord
  /**
   * Proves, by a write of its own, that the lock is still ours, and extends it. Nothing may be sent to the cluster but at once
   * after this. @throws LostError, also where we were silent for so long that another may have taken over
   */
  hold(change?: (record: TargetRecord) => TargetRecord): Promise<void>
  /**
   * Takes another target beside, until the release: of a node's pods, say. It stays ours with the first; a crash leaves it to
   * this plan alone. @returns why not, where another remediation has it
   */
  include(target: Target): Promise<Refusal | undefined>
  /** The same without a write, for the last instant: were we stopped since? @throws LostError */
  mustBeOurs(): void
  /** Lets go at the end of an execution. @throws LostError */
  release(execution: Execution, limits: Limits): Promise<void>
}

type LockPorts = Pick<Runtime, 'record' | 'clock' | 'holder' | 'options'>

/** Others were faster this often in a row: somebody is at work there. */
const MOST_ATTEMPTS = 5

const busy = (target: Target, other: string): Refusal => ({
  code: 'target-busy',
  say: `Plan ${other} is at work on ${titleOf(target)}.`,
})

/** The record without another plan's lock, if that plan is at its end; its name while it is not. */
async function freed(
  ports: LockPorts,
  record: TargetRecord,
  plan: Plan,
  limits: Limits,
): Promise<TargetRecord | string> {
  const other = record.lock?.plan
  if (record.lock === undefined || other === undefined || other === plan._id) return record
  const execution = await ports.record.executions.get(other)
  if (execution) return SETTLED.includes(execution.status) ? released(record, execution, limits) : other
  return ports.clock.now() < record.lock.untilMs ? other : record
}

/**
 * Takes the target's lock with the next epoch. The lock of another plan is waited for until that plan is settled, however
 * long ago its executor was last heard of: what it began must be finished first.
 *
 * @returns the lock, or a refusal that can pass
 */
export async function lockTarget(
  ports: LockPorts,
  plan: Plan,
  limits: Limits,
  target: Target = plan.target,
): Promise<TargetLock | Refusal> {
  const { record, clock, holder, options } = ports
  const id = keyOf(target)
  const open = (record: TargetRecord, heldFromMs: number) =>
    lockOf(ports, record, heldFromMs, (other) => lockTarget(ports, plan, limits, other))
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const heldFromMs = clock.monotonic()
    const lock = { plan: plan._id, holder, untilMs: clock.now() + options.leaseMs }
    const current = await record.targets.get(id)
    if (!current) {
      const fresh = {
        _id: id,
        target,
        epoch: 1,
        lock,
        coolingUntilMs: 0,
        failures: 0,
        actedMs: [],
        originals: {},
      }
      if ((await record.targets.insert(fresh)) === 'exists') continue
      return open({ ...fresh, version: 1 }, heldFromMs)
    }
    const free = await freed(ports, current, plan, limits)
    if (typeof free === 'string') return busy(target, free)
    const next = { ...free, target, epoch: current.epoch + 1, lock }
    if ((await record.targets.replace(next)) === 'replaced')
      return open({ ...next, version: next.version + 1 }, heldFromMs)
  }
  return busy(target, 'of another executor')
}

function lockOf(
  { record: { targets }, clock, options }: LockPorts,
  first: TargetRecord,
  heldFromMs: number,
  take: (target: Target) => Promise<TargetLock | Refusal>,
): TargetLock {
  const inTurn = createSerial()
  const { epoch, _id, lock } = first
  const beside = new Map<string, TargetLock>()
  let isReleased = false
  let record = first
  let validUntilMs = heldFromMs + options.leaseMs

  async function write(next: TargetRecord): Promise<void> {
    if ((await targets.replace(next)) === 'conflict')
      throw new LostError(`the lock of ${_id} with epoch ${epoch} was taken by another`)
    record = { ...next, version: next.version + 1 }
  }

  function mustBeOurs(): void {
    if (isReleased) throw new LostError(`the lock of ${_id} with epoch ${epoch} was released`)
    if (clock.monotonic() >= validUntilMs)
      throw new LostError(`the lock of ${_id} with epoch ${epoch} was not renewed for ${options.leaseMs} ms`)
    for (const other of beside.values()) other.mustBeOurs()
  }

  return {
    epoch,
    get record() {
      return record
    },
    mustBeOurs,
    include: (target) =>
      inTurn(async () => {
        const key = keyOf(target)
        if (key === _id || beside.has(key)) return undefined
        const other = await take(target)
        if ('code' in other) return other
        beside.set(key, other)
        return undefined
      }),
    hold: (change = (same) => same) =>
      inTurn(async () => {
        mustBeOurs()
        const startedMs = clock.monotonic()
        const changed = change(record)
        await write({ ...changed, ...(lock && { lock: { ...lock, untilMs: clock.now() + options.leaseMs } }) })
        validUntilMs = startedMs + options.leaseMs
        await Promise.all([...beside.values()].map((other) => other.hold()))
        mustBeOurs()
      }),
    release: (execution, limits) =>
      inTurn(async () => {
        isReleased = true
        await Promise.all([...beside.values()].map((other) => other.release(execution, limits)))
        await write(released(record, execution, limits))
      }),
  }
}
