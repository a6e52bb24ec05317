import { MINUTE_MS } from '../time.ts'

const BURST = 25
const REFILL_MS = 5 * MINUTE_MS

/** Lets 25 Events of one component about one object through, then one in five minutes. @see client-go's EventSourceObjectSpamFilter */
export function createSpamFilter() {
  const buckets = new Map<string, { tokens: number; atMs: number }>()

  return {
    isAllowed(nowMs: number, key: string): boolean {
      const before = buckets.get(key)
      const tokens = before ? Math.min(BURST, before.tokens + (nowMs - before.atMs) / REFILL_MS) : BURST
      buckets.set(key, { tokens: tokens >= 1 ? tokens - 1 : tokens, atMs: nowMs })
      return tokens >= 1
    },
    /** Forgets buckets that are full again. */
    prune(nowMs: number): void {
      for (const [key, { atMs }] of buckets) if (nowMs - atMs > BURST * REFILL_MS) buckets.delete(key)
    },
  }
}
