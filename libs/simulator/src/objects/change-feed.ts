import type { ObjectChange } from '../port.ts'

/** Hands every change to every listener, in the order of the changes also when a listener makes further ones. */
export interface ChangeFeed {
  publish(change: ObjectChange): void
  subscribe(listener: (change: ObjectChange) => void): () => void
}

export function createChangeFeed(): ChangeFeed {
  const listeners = new Set<(change: ObjectChange) => void>()
  const waiting: ObjectChange[] = []
  let isDelivering = false

  function deliver(change: ObjectChange): void {
    for (const listener of listeners) {
      try {
        listener(change)
      } catch (error) {
        // A listener's fault is not the writer's: it surfaces as an uncaught error of its own.
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }

  return {
    publish(change) {
      waiting.push(change)
      if (isDelivering) return
      isDelivering = true
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) deliver(next)
      isDelivering = false
    },
    subscribe(listener) {
      // A wrapper, so that one function may subscribe twice and end each of the two.
      const own = (change: ObjectChange) => listener(change)
      listeners.add(own)
      return () => listeners.delete(own)
    },
  }
}
