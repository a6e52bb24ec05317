import { every } from '@kubewise/service'
import { LostError } from './ledger/lost.ts'
import { isSettled } from './ledger/ledger.ts'
import { advance } from './stages/advance.ts'
import { begin, type Beginning } from './stages/begin.ts'
import { plansToLookAt } from './sweep.ts'
import type { Work } from './work.ts'

/** The plans that this process has in hand. */
export interface Worker {
  /**
   * Looks at one plan. Resolves when it is decided whether something is done about it; the doing goes on behind. Never rejects:
   * what could not be looked at now is swept up later.
   */
  look(plan: string): Promise<void>
  /** Looks at every plan that somebody must look at. */
  sweep(): Promise<void>
  /** Resolves when nothing is in hand any more. */
  drain(): Promise<void>
}

const MAX_REMEMBERED = 10_000
/** Renewed so often within a lease. */
const BEATS = 3

export function createWorker(ports: Omit<Beginning, 'asked'>): Worker {
  const beginning = { ...ports, asked: new Set<string>() }
  const { runtime, stopping } = beginning
  const { record, clock, log, options } = runtime
  const inHand = new Map<string, Promise<void>>()
  const again = new Set<string>()
  const done = new Set<string>()
  let sweptMs: number | undefined

  function remember(plan: string): void {
    done.add(plan)
    if (done.size > MAX_REMEMBERED) done.delete(done.values().next().value ?? plan)
  }

  async function workOn(plan: string, decided: () => void): Promise<void> {
    const begun = await begin(beginning, plan)
    decided()
    if (typeof begun !== 'string') await carryOut(begun)
    if (begun === 'settled' || (begun !== 'not-now' && isSettled(begun.ledger.execution))) remember(plan)
  }

  function look(plan: string): Promise<void> {
    if (inHand.has(plan)) {
      again.add(plan)
      return Promise.resolve()
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    const working = workOn(plan, resolve)
      .catch((error: unknown) => {
        if (!stopping.aborted) log.warn({ err: error, plan }, 'a plan could not be looked at')
      })
      .finally(() => {
        inHand.delete(plan)
        if (again.delete(plan) && !stopping.aborted) void look(plan)
      })
    inHand.set(plan, working)
    return Promise.race([promise, working])
  }

  return {
    look,
    async sweep() {
      const { cluster } = options
      const nowMs = clock.now()
      const due = await plansToLookAt(record, { cluster, nowMs, sweptMs, isDone: (plan) => done.has(plan) })
      for (const plan of due) {
        if (stopping.aborted) return
        if (!inHand.has(plan)) await look(plan)
      }
      sweptMs = nowMs
    },
    async drain() {
      while (inHand.size > 0) await Promise.allSettled(inHand.values())
    },
  }
}

/** Carries out one plan while its lease is renewed. Whatever goes wrong leaves it as a crash would: to be taken over by reading. */
async function carryOut(work: Work): Promise<void> {
  const { plan, log } = work
  const lost = new AbortController()
  const stopping = AbortSignal.any([work.stopping, lost.signal])
  const mine = { ...work, stopping }
  const beating = heartbeat(mine, lost)
  try {
    await advance(mine)
  } catch (error) {
    if (work.stopping.aborted) await letGo(mine)
    else if (error instanceof LostError || lost.signal.aborted)
      log.warn({ plan: plan._id, err: error }, 'lost to another executor')
    else log.error({ plan: plan._id, err: error }, 'interrupted; it will be taken up again')
  } finally {
    lost.abort(new Error('the work is over'))
    await beating
  }
}

function heartbeat({ clock, lock, ledger, options, stopping, plan, log }: Work, lost: AbortController): Promise<void> {
  const { leaseMs } = options
  const beat = async () => {
    if (isSettled(ledger.execution)) return
    await lock.hold()
    await ledger.change((execution) => ({ ...execution, holderUntilMs: clock.now() + leaseMs }))
  }
  const onError = (error: unknown) => {
    if (error instanceof LostError) lost.abort(error)
    else log.warn({ plan: plan._id, err: error }, 'lease not renewed')
  }
  const everyMs = leaseMs / BEATS
  return clock.sleep(everyMs, stopping).then(
    () => every(clock, everyMs, stopping, beat, onError),
    () => undefined,
  )
}

/** A stop is no crash: the next one need not wait for the lease to run out. */
async function letGo({ ledger, plan, log }: Work): Promise<void> {
  if (isSettled(ledger.execution)) return
  await ledger
    .change((execution) => ({ ...execution, holderUntilMs: 0 }))
    .catch((error: unknown) => log.warn({ plan: plan._id, err: error }, 'not let go'))
}
