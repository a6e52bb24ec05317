import {
  isKubeError,
  RESOURCES,
  type Kube,
  type KubernetesObject,
  type ListOptions,
  type ResourceName,
} from '@kubewise/kube'
import type { Clock } from '@kubewise/service'

/** Incidents that are decided at the same moment look at the same surroundings: one answer serves them all. */
const KEPT_MS = 3_000
const MOST_KEPT = 500

export interface OptionalReads {
  list<T extends KubernetesObject>(kind: ResourceName, options?: ListOptions): Promise<readonly T[]>
  /** Kinds that were not read, or not in full; sorted. */
  unread(): string[]
}

interface Answer {
  items: readonly KubernetesObject[]
  isComplete: boolean
}

/** The kind is not served here, or may not be read: that is an answer, and stays one. */
const isNoSuchRead = (error: unknown) => isKubeError(error, 'forbidden') || isKubeError(error, 'not-found')

/**
 * Reads what a decision can do without. Each incident's look takes `begin()`, so that what it did not get is its own.
 * @returns lists throw KubeError for everything but a kind that is forbidden or absent
 */
export function createOptionalReads(kube: Pick<Kube, 'list'>, clock: Clock): { begin(): OptionalReads } {
  const kept = new Map<string, { answer: Promise<Answer>; untilMs: number }>()

  // Not bound to one caller's signal, since others wait for the same answer; the client has its own patience.
  function ask(kind: ResourceName, options: ListOptions): Promise<Answer> {
    return kube.list(RESOURCES[kind], options).then(
      ({ items, isCut }): Answer => ({ items, isComplete: isCut !== true }),
      (error: unknown) => {
        if (isNoSuchRead(error)) return { items: [], isComplete: false }
        throw error
      },
    )
  }

  function answerOf(kind: ResourceName, options: ListOptions): Promise<Answer> {
    const key = JSON.stringify([kind, options.namespace, options.labelSelector, options.fieldSelector])
    const before = kept.get(key)
    if (before && clock.monotonic() < before.untilMs) return before.answer
    const mine = { answer: ask(kind, options), untilMs: clock.monotonic() + KEPT_MS }
    kept.delete(key)
    kept.set(key, mine)
    if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value ?? key)
    mine.answer.catch(() => {
      if (kept.get(key) === mine) kept.delete(key)
    })
    return mine.answer
  }

  return {
    begin() {
      const missing = new Set<string>()
      return {
        async list<T extends KubernetesObject>(kind: ResourceName, options: ListOptions = {}) {
          const { items, isComplete } = await answerOf(kind, options)
          if (!isComplete) missing.add(kind)
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the kind asked for is the kind that came
          return items as readonly T[]
        },
        unread: () => [...missing].sort(),
      }
    },
  }
}
