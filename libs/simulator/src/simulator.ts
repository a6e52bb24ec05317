import { apiVersionOf, type KubernetesObject } from '@kubewise/kube'
import { silentLog } from '@kubewise/service'
import { ADMIN } from './api/access/user.ts'
import { findApiResourceByKind } from './api/resources.ts'
import { startApi } from './api/start-api.ts'
import { createObject, type WriteContext } from './api/write/create-object.ts'
import { decodeObject } from './api/write/decode-object.ts'
import { updateObject } from './api/write/update-object.ts'
import { storedAs } from './api/event-forms.ts'
import { createObjectStore } from './objects/object-store.ts'
import { seededRandom } from './objects/random.ts'
import type { Simulator, SimulatorOptions } from './port.ts'
import { servePrometheus } from './prometheus/serve.ts'
import { startWorld } from './world/world.ts'

const MANAGER = 'simulator'
const LOOPBACK = '127.0.0.1'

/** Creates or replaces one object, as an administrator would. @throws ApiStatus, or Error for a kind that is not simulated */
function applyManifest(manifest: object, context: WriteContext): void {
  const { apiVersion, kind, metadata } = manifest as KubernetesObject
  const target = findApiResourceByKind(apiVersion, kind)
  if (target === undefined)
    throw new Error(`manifest: expected a kind that the simulator serves, got ${apiVersion} ${kind}`)
  const { object } = decodeObject(target, manifest, 'Strict')
  const namespace = target.isNamespaced ? (metadata?.namespace ?? 'default') : undefined
  const placed = { ...object, metadata: { ...object.metadata, ...(namespace === undefined ? {} : { namespace }) } }
  const common = { target, user: ADMIN, writer: { manager: MANAGER }, isDryRun: false }
  const current = context.etcd.get(storedAs(target), namespace, metadata?.name ?? '')
  if (current === undefined) createObject({ ...common, object: placed }, context)
  else updateObject({ ...common, current, next: { ...placed, apiVersion: apiVersionOf(target) } }, context)
}

/**
 * Starts a simulated cluster: a Kubernetes API and a Prometheus API on a port each, controllers, nodes and workloads, all
 * by the given clock.
 *
 * @throws ListenError where a port cannot be had
 */
export async function createSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { clock, log = silentLog, port = 0, prometheusPort = 0, host = LOOPBACK, seed = 1, nodes = 3 } = options
  await using starting = new AsyncDisposableStack()
  const etcd = createObjectStore({ clock, seed })
  const api = starting.adopt(await startApi({ etcd, clock, seed, port, host }), (it) => it.stop())
  const world = starting.adopt(startWorld({ objects: api.objects, clock, log, seed, nodes }), (it) => it.stop())
  const prometheus = await servePrometheus({
    source: (nowMs) => world.sample(nowMs),
    clock,
    port: prometheusPort,
    host,
    onError: (err) => log.error({ err }, 'the simulated Prometheus could not scrape'),
  })
  starting.defer(() => prometheus.stop())
  const held = starting.move()
  const random = seededRandom(seed + 2)
  return {
    url: api.url,
    prometheusUrl: prometheus.url,
    kubeconfig: () => api.kubeconfig(),
    objects: etcd,
    audit: () => api.audit(),
    apply: (manifests) => {
      for (const manifest of manifests) applyManifest(manifest, { etcd, random, nowMs: clock.now() })
    },
    inject: (fault) => void world.inject(fault),
    api: {
      fail: (fault) => api.fail(fault),
      tokenFor: (namespace, serviceAccount) => api.tokenFor(namespace, serviceAccount),
      kubeconfigFor: (namespace, serviceAccount) => api.kubeconfig(api.tokenFor(namespace, serviceAccount)),
      compact: () => api.compact(),
    },
    stop: () => held.disposeAsync(),
  }
}
