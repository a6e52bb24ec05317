import type { Clock } from '@kubewise/service'

/** So many posts at once, then so many a minute. */
export interface Rate {
  /** 0 when one may be posted now, which counts it; else how long until one may be. */
  takeOrWaitMs(): number
  /** Nothing may be posted for so long: the receiver has asked for it. */
  pause(ms: number): void
}

const MINUTE = 60_000
const LONGEST_PAUSE_MS = 5 * MINUTE

/** A token bucket that holds a quarter of a minute's, and is full at the start. */
export function createRate(perMinute: number, clock: Pick<Clock, 'monotonic'>): Rate {
  const most = Math.max(1, perMinute / 4)
  const eachMs = MINUTE / perMinute
  let tokens = most
  let countedMs = clock.monotonic()
  let pausedUntilMs = countedMs
  return {
    takeOrWaitMs() {
      const nowMs = clock.monotonic()
      tokens = Math.min(most, tokens + (nowMs - countedMs) / eachMs)
      countedMs = nowMs
      const waitMs = Math.max(pausedUntilMs - nowMs, tokens >= 1 ? 0 : Math.ceil((1 - tokens) * eachMs))
      if (waitMs > 0) return waitMs
      tokens -= 1
      return 0
    },
    pause: (ms) => void (pausedUntilMs = clock.monotonic() + Math.min(ms, LONGEST_PAUSE_MS)),
  }
}
