/** Work by key: asked for again while it waits it is done once, asked for while it runs it is done once more. */
export interface CoalescingQueue {
  add(key: string): void
  /** Resolves when nothing waits and nothing runs. */
  idle(): Promise<void>
}

/**
 * @param parallel keys at the same time, asked each time one ends or is added; one key is never worked on twice at once
 * @param work must not throw: what fails is its own to tell
 */
export function createCoalescingQueue(parallel: () => number, work: (key: string) => Promise<void>): CoalescingQueue {
  const waiting = new Set<string>()
  const running = new Set<string>()
  let whenIdle: (() => void)[] = []

  function pump(): void {
    for (const key of waiting) {
      if (running.size >= parallel()) return
      if (running.has(key)) continue
      waiting.delete(key)
      running.add(key)
      void work(key).finally(() => {
        running.delete(key)
        pump()
      })
    }
    if (waiting.size > 0 || running.size > 0) return
    for (const resolve of whenIdle) resolve()
    whenIdle = []
  }

  return {
    add(key) {
      waiting.add(key)
      pump()
    },
    idle: () =>
      waiting.size === 0 && running.size === 0 ? Promise.resolve() : new Promise((resolve) => whenIdle.push(resolve)),
  }
}
