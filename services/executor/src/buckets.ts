import type { Bus, KeyValue } from '@kubewise/bus'
import type { BucketSpec } from '@kubewise/contracts'

/** Opens each bucket once, at its first use; one that could not be opened is tried again at the next. */
export function createBuckets(bus: Pick<Bus, 'kv'>): (spec: BucketSpec) => Promise<KeyValue> {
  const open = new Map<string, Promise<KeyValue>>()
  return (spec) => {
    const present = open.get(spec.name)
    if (present) return present
    const opening = bus.kv(spec)
    open.set(spec.name, opening)
    opening.catch(() => open.delete(spec.name))
    return opening
  }
}
