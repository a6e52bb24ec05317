import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'

export interface EventuallyOptions {
  timeoutMs?: number
  everyMs?: number
  /** What is waited for, in words: `the pod is gone`; a function where the words tell of the end of the wait. */
  say?: string | (() => string)
}

type Truthy<T> = Exclude<T, false | 0 | '' | null | undefined>

/**
 * Waits on real time until `condition` gives something true; one that throws (an assertion) is not true yet.
 * @returns what it gave
 * @throws when time is up, with what it gave or threw last
 */
export async function eventually<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = 10_000, everyMs = 20, say = 'the condition' }: EventuallyOptions = {},
): Promise<Truthy<T>> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    let last: { value: T } | { error: unknown }
    try {
      last = { value: await condition() }
    } catch (error) {
      last = { error }
    }
    if ('value' in last && last.value) return last.value as Truthy<T>
    if (performance.now() >= deadline) throw notInTime(typeof say === 'string' ? say : say(), timeoutMs, last)
    await sleep(everyMs)
  }
}

function notInTime(say: string, timeoutMs: number, last: { value: unknown } | { error: unknown }): Error {
  const after = `${say}: not within ${timeoutMs} ms`
  return 'error' in last
    ? new Error(`${after}; at last: ${last.error instanceof Error ? last.error.message : inspect(last.error)}`, {
        cause: last.error,
      })
    : new Error(`${after}; at last: ${inspect(last.value, { depth: 4, breakLength: 120 })}`)
}
