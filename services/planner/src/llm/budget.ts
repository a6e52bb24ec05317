import { COLLECTIONS, type Spend } from '@kubewise/contracts'
import type { Clock } from '@kubewise/service'
import type { Store } from '@kubewise/store'
import { LlmError, type LlmReply } from './provider.ts'

export interface Prices {
  /** US dollars for a million tokens. */
  inputUsdPerMillion: number
  outputUsdPerMillion: number
}

export interface BudgetLimits extends Prices {
  /** All turns of one plan together, question and answer. */
  tokensPerPlan: number
  plansPerHour: number
  usdPerDay: number
}

/** What a call may cost at most, put aside before it leaves. */
export interface Reservation {
  input: number
  output: number
  microUsd: number
}

/** What models may cost, kept in the record: neither a restart nor another planner forgets it. */
export interface Budget {
  /** Puts aside what a call may cost; `isPlan` where it is the first of its plan. @throws LlmError budget-plans or budget-money */
  reserve(call: Reservation, isPlan: boolean): Promise<void>
  /** Gives back what was not used. What the server does not tell stays reserved. */
  settle(call: Reservation, used: LlmReply['tokens']): Promise<void>
  price(input: number, output: number): Reservation
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const MICRO = 1_000_000
const MOST_CONFLICTS = 50

/** Compare-and-set over one document for each cluster. */
export function createBudget(store: Store, clock: Clock, cluster: string, limits: BudgetLimits): Budget {
  const spend = store.collection(COLLECTIONS.spend)

  const price = (input: number, output: number): Reservation => ({
    input,
    output,
    microUsd: Math.ceil(input * limits.inputUsdPerMillion + output * limits.outputUsdPerMillion),
  })

  /** The document as it stands today: yesterday's money and the plans of an hour ago are over. */
  function present(found: Spend | undefined, nowMs: number): Omit<Spend, 'version'> {
    const dayMs = nowMs - (nowMs % DAY_MS)
    const isToday = found !== undefined && found.dayMs >= dayMs
    const { microUsd, tokens, calls } = isToday ? found : { microUsd: 0, tokens: 0, calls: 0 }
    // A clock that was set back must not bring a new budget.
    const kept = (found?.askedMs ?? []).filter((atMs) => atMs > nowMs - HOUR_MS)
    return {
      _id: cluster,
      dayMs: Math.max(dayMs, found?.dayMs ?? 0),
      microUsd,
      tokens,
      calls,
      askedMs: kept,
      changedMs: nowMs,
    }
  }

  async function change(make: (before: Omit<Spend, 'version'>) => Omit<Spend, 'version'>): Promise<void> {
    for (let attempt = 0; attempt < MOST_CONFLICTS; attempt++) {
      const found = await spend.get(cluster)
      const next = make(present(found, clock.now()))
      const outcome = found ? await spend.replace({ ...next, version: found.version }) : await spend.insert(next)
      if (outcome === 'replaced' || outcome === 'inserted') return
    }
    throw new Error(
      `spend/${cluster}: expected to be written after ${MOST_CONFLICTS} attempts, others were always first`,
    )
  }

  return {
    price,
    async reserve({ input, output, microUsd }, isPlan) {
      await change((before) => {
        if (isPlan && before.askedMs.length >= limits.plansPerHour)
          throw new LlmError(
            'budget-plans',
            `${limits.plansPerHour} plans were asked for within the hour, which is all.`,
          )
        if (before.microUsd + microUsd > limits.usdPerDay * MICRO)
          throw new LlmError(
            'budget-money',
            `The day's ${limits.usdPerDay} US dollars are spent, or the next call might exceed them.`,
          )
        return {
          ...before,
          microUsd: before.microUsd + microUsd,
          tokens: before.tokens + input + output,
          calls: before.calls + 1,
          askedMs: isPlan ? [...before.askedMs, clock.now()] : before.askedMs,
        }
      })
    },
    async settle(reserved, { input, output }) {
      if (input === undefined || output === undefined) return
      const used = price(input, output)
      await change((before) => ({
        ...before,
        microUsd: Math.max(0, before.microUsd - reserved.microUsd + used.microUsd),
        tokens: Math.max(0, before.tokens - reserved.input - reserved.output + input + output),
      }))
    },
  }
}
