import { isKubeError, RESOURCES, type EndpointSlice, type Kube, type Service, type ServiceRef } from '@kubewise/kube'
import type { Clock } from '@kubewise/service'

/** Services come and go rarely; whether they have endpoints is always asked anew. */
const KEPT_MS = 15_000

/** The Services that a workload could mean: the whole cluster's, or where those may not be read, its own namespace's. */
export type ReadServices = (namespace: string, signal: AbortSignal) => Promise<readonly Service[]>

type Reader = Pick<Kube, 'list'>

export function createServiceReader(kube: Reader, clock: Clock): ReadServices {
  let kept: { services: Promise<readonly Service[]>; untilMs: number } | undefined

  // Not bound to one caller's signal, since others wait for the same answer.
  function everywhere(): Promise<readonly Service[]> {
    if (kept && clock.monotonic() < kept.untilMs) return kept.services
    const services = kube.list<Service>(RESOURCES.Service).then(({ items }) => items)
    const mine = { services, untilMs: clock.monotonic() + KEPT_MS }
    kept = mine
    services.catch(() => {
      if (kept === mine) kept = undefined
    })
    return services
  }

  return async (namespace, signal) => {
    try {
      return await everywhere()
    } catch (error) {
      if (!isKubeError(error, 'forbidden')) throw error
      return (await kube.list<Service>(RESOURCES.Service, { namespace }, signal)).items
    }
  }
}

/** The EndpointSlices of these Services, and no others. */
export async function readEndpointSlices(
  kube: Reader,
  refs: readonly ServiceRef[],
  signal: AbortSignal,
): Promise<EndpointSlice[]> {
  const lists = await Promise.all(
    refs.map(({ namespace, name }) =>
      kube.list<EndpointSlice>(
        RESOURCES.EndpointSlice,
        { namespace, labelSelector: `kubernetes.io/service-name=${name}` },
        signal,
      ),
    ),
  )
  return lists.flatMap(({ items }) => items)
}
