/**
 * A simulated cluster that opted in, with so many workloads of one kind, Deployments or ReplicaSets, of so many pods each,
 * which are `ready` or `hanging`: they run and never become ready. A process of its own, so that its work is not measured.
 * Told `writes` by its parent, it answers with the PATCHes that its API server saw.
 */
import { RESOURCES, type Pod } from '@kubewise/kube'
import { systemClock } from '@kubewise/service'
import { createSimulator } from '@kubewise/simulator'

const [, , workloads = '', kind = '', pods = '', fate] = process.argv
const count = Number(workloads)
const replicas = Number(pods)
const isHanging = fate === 'hanging'
const NAMESPACES = 20
/** As many as its pods need, and as many again while they are replaced: a node takes 110. */
const NODES = Math.max(8, Math.ceil((count * replicas) / 50))

const namespaceOf = (index: number) => `ns-${index % NAMESPACES}`

const namespace = (index: number) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: namespaceOf(index), labels: { 'kubewise.io/managed': 'true' } },
})

const app = JSON.stringify({ readyAfterSeconds: 86_400 })
const annotations = isHanging ? { 'simulator.kubewise.io/app': app } : {}
const workload = (index: number) => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name: `app-${index}`, namespace: namespaceOf(index) },
  spec: {
    replicas,
    selector: { matchLabels: { app: `app-${index}` } },
    template: {
      metadata: { labels: { app: `app-${index}` }, annotations },
      spec: { containers: [{ name: 'app', image: 'shop/bench:1' }] },
    },
  },
})

const indices = Array.from({ length: count }, (_, index) => index)
const simulator = await createSimulator({ clock: systemClock, nodes: NODES })
simulator.apply([...indices.slice(0, NAMESPACES).map(namespace), ...indices.map(workload)])
const isReady = ({ status }: Pod) => status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True')
const isThere = (pod: Pod) => (isHanging ? pod.status?.phase === 'Running' : isReady(pod))
const there = () => simulator.objects.list<Pod>(RESOURCES.Pod, undefined).filter(isThere).length
while (there() < count * replicas) await systemClock.sleep(500)
process.stdout.write(`${JSON.stringify({ kubeconfig: simulator.kubeconfig() })}\n`)
process.on('message', () => process.send?.(simulator.audit().filter(({ verb }) => verb === 'patch')))
