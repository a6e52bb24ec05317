import { BreakerOpenError, type Breaker, type MakeCircuits } from '@kubewise/service'
import { isKubeError, KubeError } from './errors.ts'
import type { Kube } from './port.ts'
import { RESOURCES } from './resources.ts'

const CIRCUIT_OPEN = 'CircuitOpen'

/** Was the API server not even asked, since it failed too often lately? Then a write was certainly not sent. */
export const isCircuitOpen = (error: unknown): boolean =>
  isKubeError(error, 'unreachable') && error.reason === CIRCUIT_OPEN

/**
 * Does an error tell that the API server is ill? What it answers by design (absent, conflict, invalid, forbidden, a
 * disruption budget's 429) does not; of a request that its caller gave up, nobody knows.
 */
function isIll(error: unknown): boolean | undefined {
  if (!isKubeError(error)) return undefined
  if (error.reason === 'Aborted') return undefined
  // An object too large to read is that object's fault.
  if (error.reason === 'TooLarge') return false
  return ['unavailable', 'timeout', 'unreachable', 'malformed'].includes(error.kind)
}

async function through<T>(circuit: Breaker, call: () => Promise<T>): Promise<T> {
  try {
    return await circuit.run(call)
  } catch (error) {
    if (!(error instanceof BreakerOpenError)) throw error
    const { message, retryAfterMs } = error
    const facts = { kind: 'unreachable', reason: CIRCUIT_OPEN, isOutcomeUnknown: false } as const
    throw new KubeError({ ...facts, message, retryAfterMs, cause: error })
  }
}

/**
 * The same cluster behind two circuits, one for reads and one for writes (dry runs among them: they take the same way
 * through admission). While one is open its calls throw KubeError `unreachable`, {@link isCircuitOpen}, and nothing is
 * sent. List-and-watch stands before them: it rests by itself after a failure, and its streams are long by design. So does
 * what another server answers through this one, a kubelet or metrics-server: its silence is not the API server's.
 */
export function guardKube(kube: Kube, makeCircuits: MakeCircuits): Kube {
  const { reads, writes } = makeCircuits('kubernetes', isIll)
  return {
    list: (resource, ...given) =>
      resource.group === RESOURCES.NodeMetrics.group
        ? kube.list(resource, ...given)
        : through(reads, () => kube.list(resource, ...given)),
    get: (...given) => through(reads, () => kube.get(...given)),
    reflect: (...given) => kube.reflect(...given),
    create: (...given) => through(writes, () => kube.create(...given)),
    patch: (...given) => through(writes, () => kube.patch(...given)),
    evict: (...given) => through(writes, () => kube.evict(...given)),
    delete: (...given) => through(writes, () => kube.delete(...given)),
    serves: (...given) => through(reads, () => kube.serves(...given)),
    nodeSummary: (...given) => kube.nodeSummary(...given),
    canI: (...given) => through(reads, () => kube.canI(...given)),
    clockSkewMs: () => kube.clockSkewMs(),
    serverVersion: (...given) => through(reads, () => kube.serverVersion(...given)),
  }
}
