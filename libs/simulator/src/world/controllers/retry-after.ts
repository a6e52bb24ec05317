import { SECOND_MS } from '../time.ts'

const FIRST_MS = SECOND_MS
const LONGEST_MS = 1000 * SECOND_MS

/** Per object, when a controller that failed may try again: 1 s, doubling. */
export function createRetries() {
  const waiting = new Map<string, { untilMs: number; delayMs: number }>()
  return {
    isDue: (key: string, nowMs: number) => nowMs >= (waiting.get(key)?.untilMs ?? 0),
    failed(key: string, nowMs: number): void {
      const delayMs = Math.min(LONGEST_MS, (waiting.get(key)?.delayMs ?? FIRST_MS / 2) * 2)
      waiting.set(key, { untilMs: nowMs + delayMs, delayMs })
    },
    succeeded: (key: string) => void waiting.delete(key),
  }
}
