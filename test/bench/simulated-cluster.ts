/**
 * A simulated cluster with that many Deployments of so many pods, opted in: a process of its own, so that its work is not measured.
 * Told `writes` by its parent, it answers with the PATCHes that its API server saw.
 */
import { RESOURCES, type Pod } from '@kubewise/kube'
import { systemClock } from '@kubewise/service'
import { createSimulator } from '@kubewise/simulator'

const deployments = Number(process.argv[2])
const replicas = Number(process.argv[3] ?? 1)
const NAMESPACES = 20
/** As many as its pods need, and as many again while they are replaced: a node takes 110. */
const NODES = Math.max(8, Math.ceil((deployments * replicas) / 50))

const namespaceOf = (index: number) => `ns-${index % NAMESPACES}`

const namespace = (index: number) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: namespaceOf(index), labels: { 'kubewise.io/managed': 'true' } },
})

const deployment = (index: number) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: `app-${index}`, namespace: namespaceOf(index) },
  spec: {
    replicas,
    selector: { matchLabels: { app: `app-${index}` } },
    template: {
      metadata: { labels: { app: `app-${index}` } },
      spec: { containers: [{ name: 'app', image: 'shop/bench:1' }] },
    },
  },
})

const indices = Array.from({ length: deployments }, (_, index) => index)
const simulator = await createSimulator({ clock: systemClock, nodes: NODES })
simulator.apply([...indices.slice(0, NAMESPACES).map(namespace), ...indices.map(deployment)])
const isReady = ({ status }: Pod) => status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True')
const ready = () => simulator.objects.list<Pod>(RESOURCES.Pod, undefined).filter(isReady).length
while (ready() < deployments * replicas) await systemClock.sleep(500)
process.stdout.write(`${JSON.stringify({ kubeconfig: simulator.kubeconfig() })}\n`)
process.on('message', () => process.send?.(simulator.audit().filter(({ verb }) => verb === 'patch')))
