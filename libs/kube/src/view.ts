import type { KubernetesObject } from './objects.ts'
import type { Frame } from './watch.ts'

interface Known {
  uid: string
  resourceVersion: string
}

/** How a frame stands to what was seen before. `backwards` means events came out of order, or the server's history did. */
export type Order = 'new' | 'duplicate' | 'backwards'

/** Which objects exist at which version: enough to recognise repeats, disorder and missed events, without keeping objects. */
export interface View {
  resourceVersion(): string
  advance(frame: Exclude<Frame<KubernetesObject>, { type: 'ERROR' }>): Order
  /** Compares with a newer list. `missed` counts objects that changed before our position without our having seen it. */
  compare(newer: View): { isDifferent: boolean; missed: number }
  entries(): ReadonlyMap<string, Known>
}

function keyOf(object: KubernetesObject): string {
  return `${object.metadata?.namespace ?? ''}/${object.metadata?.name ?? ''}`
}

function knownOf(object: KubernetesObject): Known {
  return { uid: object.metadata?.uid ?? '', resourceVersion: object.metadata?.resourceVersion ?? '' }
}

const DECIMAL = /^(0|[1-9]\d*)$/

/**
 * Whether version `a` is older than `b`. Since KEP-5504 they are comparable as decimal numbers; where a server's are not
 * numbers, nothing is older.
 */
export function isOlder(a: string, b: string): boolean {
  if (!DECIMAL.test(a) || !DECIMAL.test(b)) return false
  return a.length === b.length ? a < b : a.length < b.length
}

export function createView(items: readonly KubernetesObject[], listVersion: string): View {
  const known = new Map(items.map((item) => [keyOf(item), knownOf(item)]))
  let position = listVersion

  function advance(frame: Exclude<Frame<KubernetesObject>, { type: 'ERROR' }>): Order {
    const { resourceVersion } = frame
    if (frame.type === 'BOOKMARK') {
      if (isOlder(resourceVersion, position)) return 'backwards'
      position = resourceVersion
      return 'new'
    }
    const key = keyOf(frame.object)
    const before = known.get(key)
    const isDelete = frame.type === 'DELETED'
    if (before?.resourceVersion === resourceVersion && !isDelete) return 'duplicate'
    if (before === undefined && isDelete && resourceVersion === position) return 'duplicate'
    if (isOlder(resourceVersion, position)) return 'backwards'
    if (isDelete) known.delete(key)
    else known.set(key, knownOf(frame.object))
    position = resourceVersion
    return 'new'
  }

  function compare(newer: View): { isDifferent: boolean; missed: number } {
    let missed = 0
    let isDifferent = newer.entries().size !== known.size
    for (const [key, now] of newer.entries()) {
      const before = known.get(key)
      if (before?.uid === now.uid && before.resourceVersion === now.resourceVersion) continue
      isDifferent = true
      if (isOlder(now.resourceVersion, position)) missed += 1
    }
    return { isDifferent, missed }
  }

  return { resourceVersion: () => position, advance, compare, entries: () => known }
}
