/**
 * A simulated cluster with that many workloads of one kind, Deployments or ReplicaSets, that opted in and whose pods run but
 * never become ready. A process of its own, so that its work is not measured.
 */
import { RESOURCES, type Pod } from '@kubewise/kube'
import { systemClock } from '@kubewise/service'
import { createSimulator } from '@kubewise/simulator'

const [, , count, kind] = process.argv
const NAMESPACES = 20
const NODES = 8

const namespaceOf = (index: number) => `ns-${index % NAMESPACES}`

const namespace = (index: number) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: namespaceOf(index), labels: { 'kubewise.io/managed': 'true' } },
})

const app = JSON.stringify({ readyAfterSeconds: 86_400 })
const workload = (index: number) => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name: `app-${index}`, namespace: namespaceOf(index) },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: `app-${index}` } },
    template: {
      metadata: { labels: { app: `app-${index}` }, annotations: { 'simulator.kubewise.io/app': app } },
      spec: { containers: [{ name: 'app', image: 'shop/bench:1' }] },
    },
  },
})

const indices = Array.from({ length: Number(count) }, (_, index) => index)
const simulator = await createSimulator({ clock: systemClock, nodes: NODES })
simulator.apply([...indices.slice(0, NAMESPACES).map(namespace), ...indices.map(workload)])
const running = () =>
  simulator.objects.list<Pod>(RESOURCES.Pod, undefined).filter(({ status }) => status?.phase === 'Running').length
while (running() < indices.length) await systemClock.sleep(500)
process.stdout.write(`${JSON.stringify({ kubeconfig: simulator.kubeconfig() })}\n`)
