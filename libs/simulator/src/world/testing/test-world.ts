/* oxlint-disable typescript/no-unnecessary-type-parameters -- who asks for a kind knows its type, as with the real store */
import { RESOURCES, type CoreEventObject, type KubernetesObject, type Pod, type Resource } from '@kubewise/kube'
import { silentLog, type Clock } from '@kubewise/service'
import { admittedStore } from '../../api/admitted-store.ts'
import { findApiResourceByKind } from '../../api/resources.ts'
import { startGarbageCollector } from '../../objects/garbage-collector.ts'
import { createObjectStore } from '../../objects/index.ts'
import { startNamespaceController } from '../../objects/namespace-controller.ts'
import { seededRandom } from '../../objects/random.ts'
import type { Fault, ObjectStore } from '../../port.ts'
import { SECOND_MS } from '../time.ts'
import { createWorld, type SteppedWorld } from '../world.ts'

/** Monday, ten in the morning. */
export const START_MS = Date.UTC(2025, 0, 6, 10)

export interface TestWorld {
  objects: ObjectStore
  world: SteppedWorld
  nowMs(): number
  /** Lets the world live for a while, looking twice a second. */
  run(seconds: number): void
  /** Runs until `condition` holds. @returns the seconds it took @throws Error after `mostSeconds` */
  runUntil(condition: () => boolean, mostSeconds?: number): number
  apply(...manifests: KubernetesObject[]): void
  inject(name: string, target: string): void
  change<T extends KubernetesObject>(resource: Resource, name: string, change: (object: T) => T): void
  find<T extends KubernetesObject>(resource: Resource, name: string): T
  podsOf(app: string): Pod[]
  eventsOf(reason: string, name?: string): CoreEventObject[]
}

export const NAMESPACE = 'shop'
const TICK_MS = 500

/** A world over the store as the API server keeps it, with time that moves by hand. */
export function testWorld(nodes = 3, startMs = START_MS): TestWorld {
  let now = startMs
  const clock: Clock = {
    now: () => now,
    monotonic: () => now - startMs,
    sleep: () => Promise.reject(new Error('time moves by hand')),
  }
  const etcd = createObjectStore({ clock, seed: 1 })
  startGarbageCollector({ etcd, clock })
  startNamespaceController({ etcd, clock })
  const objects = admittedStore({ etcd, clock, random: seededRandom(2) })
  const world = createWorld({ objects, log: failingLog(), nodes }, now)
  objects.create(RESOURCES.Namespace, { metadata: { name: NAMESPACE } }, 'test')

  function run(seconds: number): void {
    for (const endMs = now + seconds * SECOND_MS; now < endMs;) world.tick((now += TICK_MS))
  }

  function find<T extends KubernetesObject>(resource: Resource, name: string): T {
    const found = objects.get<T>(resource, NAMESPACE, name)
    if (!found) throw new Error(`no ${resource.kind} ${name}`)
    return found
  }

  return {
    objects,
    world,
    nowMs: () => now,
    run,
    runUntil(condition, mostSeconds = 900) {
      const beganMs = now
      while (!condition()) {
        if (now - beganMs > mostSeconds * SECOND_MS)
          throw new Error(`not within ${mostSeconds} s: ${condition.toString()}`)
        run(TICK_MS / SECOND_MS)
      }
      return (now - beganMs) / SECOND_MS
    },
    apply(...manifests) {
      for (const manifest of manifests) {
        const resource = findApiResourceByKind(manifest.apiVersion, manifest.kind)
        if (!resource) throw new Error(`unknown kind ${manifest.kind}`)
        if (manifest.kind !== 'Namespace') objects.create(resource, manifest, 'kubectl')
      }
    },
    inject: (name, target) => void world.inject({ name, target, namespace: NAMESPACE } satisfies Fault, now),
    change: (resource, name, change) => void objects.update(resource, NAMESPACE, name, 'kubectl', change),
    find,
    podsOf: (app) =>
      objects.list<Pod>(RESOURCES.Pod, NAMESPACE).filter(({ metadata }) => metadata?.labels?.['app'] === app),
    eventsOf: (reason, name) =>
      objects
        .list<CoreEventObject>(RESOURCES.CoreEvent)
        .filter((event) => event.reason === reason && (!name || event.involvedObject?.name === name)),
  }
}

/** What a controller cannot do must fail the test, not a line in a log. */
function failingLog(): typeof silentLog {
  const log = silentLog.child({})
  log.error = (context: unknown) => {
    throw context instanceof Error ? context : (context as { err: Error }).err
  }
  return log
}
