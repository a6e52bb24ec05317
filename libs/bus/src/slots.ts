/** A bounded number of places; who finds none waits in line. */
export interface Slots {
  free(): number
  /** Resolves when a place is taken, first come first served. */
  take(): Promise<void>
  give(): void
  /** Resolves once a place is free, without taking it. */
  whenFree(): Promise<void>
  /** Resolves once every place is free. */
  whenIdle(): Promise<void>
}

/** @param size how many places, at least 1 */
export function createSlots(size: number): Slots {
  let taken = 0
  const line: (() => void)[] = []
  let watchers: { isMet: () => boolean; resolve: () => void }[] = []

  const until = (isMet: () => boolean): Promise<void> =>
    isMet() ? Promise.resolve() : new Promise((resolve) => watchers.push({ isMet, resolve }))

  function tellWatchers() {
    const met = watchers.filter((watcher) => watcher.isMet())
    watchers = watchers.filter((watcher) => !met.includes(watcher))
    for (const watcher of met) watcher.resolve()
  }

  return {
    free: () => size - taken,
    take() {
      if (taken < size) {
        taken++
        return Promise.resolve()
      }
      return new Promise((resolve) => line.push(resolve))
    },
    give() {
      const next = line.shift()
      if (next) next()
      else taken--
      if (watchers.length > 0) tellWatchers()
    },
    whenFree: () => until(() => taken < size),
    whenIdle: () => until(() => taken === 0),
  }
}
