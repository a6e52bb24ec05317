const LONGEST_MS = 300_000

/** How long to wait after so many refusals in a row: the interval, doubled each time, up to five minutes or the interval itself. */
export const backOffMs = (intervalMs: number, refusals: number): number =>
  Math.max(intervalMs, Math.min(LONGEST_MS, intervalMs * 2 ** Math.min(refusals, 16)))
