import { isKubeError, type Kube, type Reflector } from '@kubewise/kube'
import type { Health, Logger } from '@kubewise/service'
import { createPublisher, type Publisher, type PublisherPorts } from './publisher.ts'
import { CORE, SURROUNDINGS, type Watched } from './watched.ts'

export interface ObjectWatchPorts extends PublisherPorts {
  kube: Pick<Kube, 'reflect'>
  health: Health
  log: Logger
}

export interface ObjectWatch {
  /** When each watch was last confirmed, by plural. */
  confirmed(): Record<string, number>
  /** Says what changed of objects whose state hangs on others. */
  refresh(): void
  /** Sends every known state anew: for readers that missed a deletion or began late. */
  resend(): void
  stop(): Promise<void>
}

interface Watch {
  plural: string
  reflector: Reflector
  publisher: Publisher
}

/**
 * Watches workloads, pods, nodes and what stands around them, and publishes the state of each as it changes. Resolves at the
 * first complete view. A kind that may not be read, or that the server does not have, is told in health and left out; its
 * watch goes on asking, and all others are not held up.
 */
export async function startObjectWatch(ports: ObjectWatchPorts, signal: AbortSignal): Promise<ObjectWatch> {
  const { relations, clock } = ports
  const watches: Watch[] = []

  function start(watched: Watched): Promise<void> {
    const publisher = createPublisher(ports, watched)
    const { plural, kind } = watched.resource
    const answered = Promise.withResolvers<void>()
    const reflector = ports.kube.reflect(
      watched.resource,
      {},
      {
        ...publisher.observer,
        onReplace(items) {
          ports.health.remove(checkOf(plural))
          publisher.observer.onReplace(items)
          relations.know(kind)
        },
        onError(error) {
          ports.log.warn({ kind, err: error }, 'watch failed, going on')
          const why = whyMissing(error)
          if (why === undefined) return
          ports.health.set(checkOf(plural), 'quality', { ok: false, say: `${plural} ${why}: nothing is seen of them` })
          answered.resolve()
        },
      },
    )
    watches.push({ plural, reflector, publisher })
    return Promise.race([reflector.synced, answered.promise, aborted(signal)])
  }

  for (const watched of CORE) await start(watched)
  await Promise.all(SURROUNDINGS.map(start))
  return {
    confirmed: () =>
      Object.fromEntries(
        watches.flatMap(({ plural, reflector }) => {
          const confirmedMs = reflector.confirmedMs()
          return confirmedMs === undefined ? [] : [[plural, confirmedMs]]
        }),
      ),
    refresh() {
      const isTouched = relations.touched(clock.now())
      if (isTouched) for (const { publisher } of watches) publisher.refresh(isTouched)
    },
    resend: () => watches.forEach(({ publisher }) => publisher.resend()),
    stop: async () => void (await Promise.all(watches.map(({ reflector }) => reflector.stop()))),
  }
}

const checkOf = (plural: string) => `watch-${plural}`

/** Why a kind cannot be seen at all, as opposed to a server that is away for a while. */
function whyMissing(error: unknown): string | undefined {
  if (isKubeError(error, 'forbidden')) return 'may not be listed and watched (RBAC)'
  if (isKubeError(error, 'not-found')) return 'are not served by this API server'
  return undefined
}

const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) =>
    signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true }),
  )
