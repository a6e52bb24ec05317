import { connectKube, RESOURCES, type Pod } from '@kubewise/kube'
import { COLLECTIONS } from '@kubewise/contracts'
import { createKit, silentLog, systemClock } from '@kubewise/service'
import { createSimulator, DEMO_NAMESPACE, demoManifests } from '@kubewise/simulator'
import { startStandalone } from '@kubewise/standalone'
import { median } from '@kubewise/stats'
import { eventually, startNats, temporaryFolder } from '@kubewise/testkit'

const RUNS = 20
const AT_A_TIME = 4
const WAIT_MS = 60_000

/** A small Deployment of two pods that are ready at once. */
const deployment = (name: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: DEMO_NAMESPACE },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'app', image: 'shop/bench:1' }] } },
  },
})

/**
 * Milliseconds from the death of a container to the plan in the record, on the simulator in real time, all five services at
 * work in mode observe. Counted from the death that completes the evidence: the second one of a crash loop.
 */
export async function deathToPlan(tell: (say: string) => void): Promise<number> {
  await using held = new AsyncDisposableStack()
  const clock = systemClock
  const log = silentLog
  const stopping = new AbortController()
  const folder = held.use(await temporaryFolder()).path
  const nats = held.use(await startNats())
  const simulator = await createSimulator({ clock })
  held.defer(() => simulator.stop())
  const namespace = demoManifests().filter((manifest) => (manifest as { kind: string }).kind === 'Namespace')
  const names = Array.from({ length: RUNS }, (_, i) => `bench-${i + 1}`)
  simulator.apply([...namespace, ...names.map(deployment)])
  const kit = createKit({ name: 'bench', clock, log, signal: stopping.signal })
  const kube = await connectKube({ kubeconfig: simulator.kubeconfig(), fieldManager: 'kubewise', clock, log })
  const env = {
    NATS_URL: nats.url,
    PROM_URL: simulator.prometheusUrl,
    KUBEWISE_CLUSTER: 'bench',
    KUBEWISE_HOME: folder,
    PORT: '0',
  }
  const kubewise = await startStandalone({ kit, kube, env })
  held.defer(async () => {
    stopping.abort(new Error('the bench is over'))
    await kubewise.stop()
  })
  const readyPods = () =>
    simulator.objects
      .list<Pod>(RESOURCES.Pod, DEMO_NAMESPACE)
      .filter((pod) => pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'))
  await eventually(() => readyPods().length === 2 * RUNS, { timeoutMs: WAIT_MS, say: 'all pods are ready' })
  await clock.sleep(15_000)

  const deaths = watchDeaths()
  const plans = kubewise.store.collection(COLLECTIONS.plans)
  const planned = async (name: string) =>
    (await plans.find({ where: { 'target.namespace': DEMO_NAMESPACE }, limit: 500 })).items.find(
      ({ target, cause }) => target.name === name && cause === 'bad-rollout',
    )
  const delays: number[] = []
  for (let first = 0; first < RUNS; first += AT_A_TIME) {
    const batch = names.slice(first, first + AT_A_TIME)
    for (const name of batch)
      simulator.inject({ name: 'bad-rollout', namespace: DEMO_NAMESPACE, target: `Deployment/${name}` })
    for (const name of batch) {
      const plan = await eventually(() => planned(name), { timeoutMs: WAIT_MS, say: `a plan for ${name}` })
      delays.push(plan.createdMs - deaths.completing(name))
    }
    tell(`${delays.length} of ${RUNS} plans…`)
  }
  return Math.round(median(delays))

  /** When the evidence was complete: the second death of a container, as the API server first showed it. */
  function watchDeaths() {
    const seen = new Map<string, number>()
    simulator.objects.subscribe(({ object, resource }) => {
      const pod = object as Pod
      const app = pod.metadata?.labels?.['app']
      const isComplete = pod.status?.containerStatuses?.some(
        ({ restartCount, state }) =>
          restartCount >= 1 && (state?.terminated !== undefined || state?.waiting?.reason === 'CrashLoopBackOff'),
      )
      if (resource.kind === 'Pod' && app !== undefined && isComplete && !seen.has(app)) seen.set(app, clock.now())
    })
    return { completing: (app: string) => seen.get(app) ?? Number.NaN }
  }
}
