import { SECOND_MS } from '../time.ts'

const FIRST_MS = 10 * SECOND_MS
const LONGEST_MS = 300 * SECOND_MS
const EXPIRES_MS = 600 * SECOND_MS

/** Waits that double from 10 s to 5 min and are forgotten after ten quiet minutes. @see client-go's flowcontrol.Backoff */
export interface BackOff {
  /** Whether the wait that began at `sinceMs` still runs. */
  isIn(sinceMs: number, nowMs: number): boolean
  /** Whether the wait that began at the last `next` still runs. */
  isInSinceUpdate(nowMs: number): boolean
  /** Notes an attempt; the following wait will be longer. */
  next(eventMs: number): void
  delayMs(): number
  reset(): void
}

export function createBackOff(): BackOff {
  let entry: { delayMs: number; updatedMs: number } | undefined
  const isExpired = (eventMs: number) => entry !== undefined && eventMs - entry.updatedMs > EXPIRES_MS

  return {
    isIn: (sinceMs, nowMs) => entry !== undefined && !isExpired(sinceMs) && nowMs - sinceMs < entry.delayMs,
    isInSinceUpdate: (nowMs) => entry !== undefined && !isExpired(nowMs) && nowMs - entry.updatedMs < entry.delayMs,
    next(eventMs) {
      const isFirst = entry === undefined || isExpired(eventMs)
      entry = { delayMs: isFirst ? FIRST_MS : Math.min(LONGEST_MS, (entry?.delayMs ?? 0) * 2), updatedMs: eventMs }
    },
    delayMs: () => entry?.delayMs ?? 0,
    reset: () => void (entry = undefined),
  }
}

/** As Go prints a duration: `10s`, `1m20s`, `5m0s`. */
export function sayDelay(ms: number): string {
  const seconds = Math.round(ms / SECOND_MS)
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`
}
