import { RESOURCES, type Kube } from '@kubewise/kube'
import type { Clock } from '@kubewise/service'
import { inNamespace } from '../arena.ts'
import { IDLE, job, workload } from '../workloads.ts'

/** Time between two changes. */
const BETWEEN_MS = 25_000
const STARTS = `sleep 3\ntouch /tmp/ready\n${IDLE}`

/** Of the Deployments as they are at first. */
export const QUIET_CONTAINERS = 5
const web = workload({
  name: 'web',
  replicas: 3,
  script: STARTS,
  readiness: 'test -f /tmp/ready',
  env: { RELEASE: '0' },
})
const shop = workload({ name: 'shop', replicas: 2, script: STARTS, readiness: 'test -f /tmp/ready' })

const tick = {
  metadata: { name: 'tick' },
  spec: { schedule: '* * * * *', jobTemplate: { spec: (job('tick').object as { spec?: object }).spec } },
}

type Change = (kube: Kube, namespace: string, turn: number) => Promise<unknown>

const scale =
  (name: string, replicas: number): Change =>
  (kube, namespace) =>
    kube.patch(RESOURCES.Deployment, { namespace, name }, { type: 'merge', body: { spec: { replicas } } })

const template =
  (name: string, bodyOf: (turn: number) => object): Change =>
  (kube, namespace, turn) =>
    kube.patch(
      RESOURCES.Deployment,
      { namespace, name },
      { type: 'strategic', body: { spec: { template: bodyOf(turn) } } },
    )

const release = (turn: number) => ({
  spec: { containers: [{ name: 'app', env: [{ name: 'RELEASE', value: String(turn) }] }] },
})
/** What `kubectl rollout restart` does. */
const restart = (turn: number): object => ({
  metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': `turn ${turn}` } },
})

const runJob: Change = (kube, namespace, turn) => {
  const { resource, object } = job(`work-${turn}`)
  return kube.create(resource, inNamespace(object, namespace))
}

/** What people and pipelines do to a cluster all day, in this order, again and again. */
const CHANGES: readonly Change[] = [
  template('web', release),
  runJob,
  scale('shop', 4),
  template('shop', restart),
  runJob,
  scale('shop', 2),
]

/** Deployments that become ready after some seconds, and a CronJob that runs each minute. */
export async function deployQuiet(kube: Kube, namespace: string): Promise<void> {
  for (const { resource, object } of [web, shop]) await kube.create(resource, inNamespace(object, namespace))
  await kube.create(RESOURCES.CronJob, inNamespace(tick, namespace))
}

/** Rolls out, scales and runs Jobs, all of which succeed, until told to stop. @returns how many changes it has made */
export async function playQuiet(kube: Kube, namespace: string, clock: Clock, signal: AbortSignal): Promise<number> {
  let turn = 0
  while (!signal.aborted) {
    await CHANGES[turn % CHANGES.length]!(kube, namespace, turn)
    turn += 1
    await clock.sleep(BETWEEN_MS, signal).catch(() => undefined)
  }
  return turn
}
