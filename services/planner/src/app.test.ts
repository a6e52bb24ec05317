import assert from 'node:assert/strict'
import { connectBus, type Bus } from '@kubewise/bus'
import {
  COLLECTIONS,
  decodeAnswer,
  keyOf,
  subjects,
  type AnomalyOpened,
  type Incident,
  type Plan,
  type Target,
} from '@kubewise/contracts'
import {
  connectKube,
  isPodReady,
  RESOURCES,
  waitingReasonOf,
  restartsOf,
  type Deployment,
  type Pod,
} from '@kubewise/kube'
import { scaledClock, type Service } from '@kubewise/service'
import { createSimulator, DEMO_NAMESPACE, demoManifests, type Simulator } from '@kubewise/simulator'
import { eventually, findNats, skipWithout, startNats, testKit } from '@kubewise/testkit'
import { createPlanner } from './app.ts'
import { readConfig } from './config.ts'
import { anomaly, resolution } from './fixture/anomalies.ts'
import { testRecord, type TestRecord } from './fixture/record.ts'

/** The simulated cluster runs this many times faster, and the planner with it. */
const FACTOR = 20
const CLUSTER = 'sim'

const targetOf = (kind: string, name: string): Target => ({ cluster: CLUSTER, kind, namespace: DEMO_NAMESPACE, name })

const bystander = (name: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: DEMO_NAMESPACE, labels: { 'kubewise.io/managed': 'true' } },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'app', image: 'shop/idle:1' }] } },
  },
})

describe('the planner on a simulated cluster', function () {
  skipWithout(findNats(), 'no nats-server on this machine')
  this.timeout(120_000)

  const held = new AsyncDisposableStack()
  const clock = scaledClock(FACTOR)
  const kit = testKit({ name: 'planner', clock })
  let simulator: Simulator
  let bus: Bus
  let record: TestRecord
  let planner: Service

  const podsOf = (app: string) =>
    simulator.objects.list<Pod>(RESOURCES.Pod, DEMO_NAMESPACE).filter(({ metadata }) => metadata?.name?.startsWith(app))
  const untilPod = (app: string, is: (pod: Pod) => boolean) =>
    eventually(() => podsOf(app).find(is), { timeoutMs: 60_000, say: `a pod of ${app}` })
  const isCrashing = (pod: Pod) => waitingReasonOf(pod) === 'CrashLoopBackOff' && restartsOf(pod) >= 1

  /** What the detector would publish of a pod at this moment. */
  async function publish(
    target: Target,
    pod: Pod,
    rule: string,
    rest: Parameters<typeof anomaly>[1] = {},
  ): Promise<AnomalyOpened> {
    const name = pod.metadata?.name ?? ''
    const message = anomaly(name, { rule, target, startedMs: clock.now(), ...rest })
    const entity = { ...message.entity, uid: pod.metadata?.uid ?? '' }
    await bus.publish(subjects.anomaly(target), { ...message, entity }, { id: message.id })
    return { ...message, entity }
  }

  const incidentOf = async (target: Target): Promise<Incident | undefined> => {
    const head = await record.store.collection(COLLECTIONS.heads).get(keyOf(target))
    return head?.incident === undefined ? undefined : record.store.collection(COLLECTIONS.incidents).get(head.incident)
  }

  /** The plan that the planner stands by in the end; what it thought on the way does not matter. */
  const planOf = (target: Target, cause: string): Promise<Plan> =>
    eventually(
      async () => {
        const incident = await incidentOf(target)
        const plan = await record.store.collection(COLLECTIONS.plans).get(incident?.decision?.plan ?? '-')
        assert.equal(plan?.cause ?? JSON.stringify(incident), cause)
        return plan
      },
      { timeoutMs: 30_000, say: `a plan for ${keyOf(target)}` },
    )

  before(async function start() {
    simulator = held.adopt(await createSimulator({ clock }), (each) => each.stop())
    // So many more that what is broken here is no storm.
    const bystanders = Array.from({ length: 60 }, (_, index) => bystander(`bystander-${index}`))
    simulator.apply([...demoManifests(), ...bystanders])
    const nats = held.use(await startNats())
    bus = held.adopt(await connectBus({ url: nats.url, name: 'test', ...kit }), (each) => each.close())
    record = held.use(await testRecord(clock))
    const kube = await connectKube({ kubeconfig: simulator.kubeconfig(), fieldManager: 'kubewise', ...kit })
    const config = readConfig({ NATS_URL: nats.url, KUBEWISE_MODE: 'auto', KUBEWISE_CLUSTER: CLUSTER })
    planner = held.adopt(createPlanner({ ...kit, bus, store: record.store, kube }, config), (each) => each.stop())
    await planner.start()
    await eventually(() => simulator.objects.list<Pod>(RESOURCES.Pod, DEMO_NAMESPACE).every(isPodReady), {
      timeoutMs: 60_000,
      say: 'all pods are ready',
    })
    const revisions = record.store.collection(COLLECTIONS.revisions)
    await eventually(
      async () => (await revisions.find()).items.filter(({ healthy }) => healthy.length > 0).length === 8,
      { timeoutMs: 60_000, say: 'every workload was seen healthy' },
    )
  })
  after(async () => {
    kit.abort()
    await held.disposeAsync()
  })

  const askAbout = (kind: string, name: string) =>
    bus.ask(
      subjects.question(CLUSTER),
      {
        kind: 'question',
        cluster: CLUSTER,
        object: { kind, namespace: DEMO_NAMESPACE, name },
        by: 'ada',
        askedMs: clock.now(),
      },
      decodeAnswer,
      10_000,
    )

  it('answers what it would do about any object: what is well is left alone, what is not there is said so', async () => {
    const pod = podsOf('web')[0]?.metadata?.name ?? ''
    const { outcome, code, target } = await askAbout('Pod', pod)
    assert.deepEqual([outcome, code, target?.kind, target?.name], ['no-action', 'well', 'Deployment', 'web'])
    assert.equal((await askAbout('Deployment', 'nobody')).code, 'not-found')
    assert.equal((await askAbout('Secret', 'web')).code, 'kind-unknown')
    assert.equal((await record.store.collection(COLLECTIONS.incidents).find()).items.length, 0)
  })

  it('rolls a crashing release back, while its old pods still serve', async () => {
    const web = targetOf('Deployment', 'web')
    simulator.inject({ name: 'bad-rollout', namespace: DEMO_NAMESPACE, target: 'Deployment/web' })
    await publish(web, await untilPod('web', isCrashing), 'crash-loop')
    const plan = await planOf(web, 'bad-rollout')
    assert.deepEqual(
      plan.steps.map(({ action, with: given }) => [action, given]),
      [['rollback@1', { toRevision: 1 }]],
    )
    assert.deepEqual([plan.confidence.parts['preflight'], plan.refusals], [1, []])
  })

  it('rolls back an image that does not exist, and a configuration that is not there', async () => {
    for (const [fault, app, waiting, cause] of [
      ['bad-image', 'search', 'ImagePullBackOff', 'image-unavailable'],
      ['missing-config', 'mailer', 'CreateContainerConfigError', 'configuration-missing'],
    ] as const) {
      const target = targetOf('Deployment', app)
      simulator.inject({ name: fault, namespace: DEMO_NAMESPACE, target: `Deployment/${app}` })
      await publish(target, await untilPod(app, (pod) => waitingReasonOf(pod) === waiting), 'image-pull')
      const plan = await planOf(target, cause)
      assert.equal(plan.steps[0]?.action, 'rollback@1')
    }
  })

  it('rolls back a StatefulSet and a DaemonSet by what it has seen of them', async () => {
    for (const [kind, app] of [
      ['StatefulSet', 'cart'],
      ['DaemonSet', 'agent'],
    ] as const) {
      const target = targetOf(kind, app)
      simulator.inject({ name: 'bad-rollout', namespace: DEMO_NAMESPACE, target: `${kind}/${app}` })
      await publish(target, await untilPod(app, isCrashing), 'crash-loop')
      const plan = await planOf(target, 'bad-rollout')
      assert.deepEqual(plan.steps[0]?.with, { toRevision: 1 })
    }
  })

  it('takes what needs a dependency that somebody scaled away for its symptom, and closes that once it is back', async () => {
    const api = targetOf('Deployment', 'api')
    const db = targetOf('Deployment', 'db')
    const scale = (replicas: number) =>
      simulator.objects.update<Deployment>(RESOURCES.Deployment, DEMO_NAMESPACE, 'db', 'test', (current) => ({
        ...current,
        spec: { ...current.spec, replicas },
      }))
    simulator.inject({ name: 'dependency-down', namespace: DEMO_NAMESPACE, target: 'Deployment/db' })
    const pod = await untilPod('api', isCrashing)
    const crash = await publish(api, pod, 'crash-loop')
    await eventually(async () => (await incidentOf(api))?.mergedAs?.relation === 'dependency', {
      timeoutMs: 30_000,
      say: 'api is a symptom',
    })
    const missing = anomaly('db', { rule: 'workload-unavailable', target: db, startedMs: clock.now() })
    await bus.publish(subjects.anomaly(db), { ...missing, entity: db }, { id: missing.id })
    assert.deepEqual((await planOf(db, 'scaled-to-zero')).steps, [])
    const cause = await incidentOf(db)
    assert.deepEqual(
      [(await incidentOf(api))?.mergedInto, cause?.symptoms?.map((each) => each.target.name)],
      [cause?._id, ['api']],
    )
    scale(1)
    await eventually(() => [...podsOf('api'), ...podsOf('db')].every(isPodReady), {
      timeoutMs: 60_000,
      say: 'api and db are well',
    })
    for (const each of [crash, { ...missing, entity: db }]) {
      const end = resolution(each, clock.now())
      await bus.publish(subjects.anomaly(each.target), end, { id: `${end.id}-end` })
    }
    for (const target of [api, db])
      await eventually(async () => (await incidentOf(target))?.status === 'resolved', {
        timeoutMs: 60_000,
        say: 'the incident is closed',
      })
  })

  it('raises a memory limit that is too low', async () => {
    const api = targetOf('Deployment', 'api')
    simulator.inject({ name: 'memory', namespace: DEMO_NAMESPACE, target: 'Deployment/api' })
    await publish(api, await untilPod('api', isCrashing), 'memory-kill', {
      features: { container: 'api', kills: 2, steady: true },
    })
    const plan = await planOf(api, 'memory-limit-too-low')
    assert.deepEqual(plan.steps[0]?.with, { container: 'api', memoryLimit: '384Mi' })
  })

  it('evicts the one replica that ran away', async () => {
    const worker = targetOf('Deployment', 'worker')
    const [pod] = podsOf('worker')
    await publish(worker, pod ?? assert.fail(), 'sibling-outlier', {
      source: 'metric',
      features: { value: 90, siblings: 9, ratio: 10 },
      metric: { name: 'pod_cpu_utilization_pct', value: 90, expected: 9, low: 0, high: 50, intervalMs: 15_000 },
    })
    const plan = await planOf(worker, 'runaway-replica')
    assert.deepEqual([plan.steps[0]?.with['uid'], plan.evidence], [pod?.metadata?.uid, 'metric'])
  })

  it('leaves a bare pod and a completed Job alone', async () => {
    simulator.inject({ name: 'bare-pod-crash', namespace: DEMO_NAMESPACE, target: 'Pod/debug' })
    const bare = targetOf('Pod', 'debug')
    await publish(bare, await untilPod('debug', isCrashing), 'crash-loop')
    assert.deepEqual((await planOf(bare, 'bare-pod')).steps, [])

    simulator.inject({ name: 'completed-job', namespace: DEMO_NAMESPACE, target: 'Job/report' })
    const job = targetOf('Job', 'report')
    await publish(job, await untilPod('report', ({ status }) => status?.phase === 'Succeeded'), 'pod-not-ready')
    assert.deepEqual((await planOf(job, 'job-finished')).steps, [])
  })

  it('has changed nothing in the cluster: what it asked were dry runs', () => {
    const writes = simulator.audit().filter(({ isDryRun, verb }) => !isDryRun && verb !== 'simulator')
    assert.deepEqual(writes, [])
    assert.ok(simulator.audit().length > 0)
  })

  it('closes an incident when its target is well again', async () => {
    const web = targetOf('Deployment', 'web')
    simulator.objects.update<Deployment>(RESOURCES.Deployment, DEMO_NAMESPACE, 'web', 'test', (current) => {
      const wanted = demoManifests().find(
        ({ kind, metadata }) => kind === 'Deployment' && metadata?.name === 'web',
      ) as Deployment
      return { ...current, spec: { ...current.spec, template: wanted.spec?.template ?? {} } }
    })
    await eventually(() => podsOf('web').length === 3 && podsOf('web').every(isPodReady), {
      timeoutMs: 60_000,
      say: 'web is well',
    })
    await eventually(async () => (await incidentOf(web))?.status === 'resolved', {
      timeoutMs: 60_000,
      say: 'the incident is closed',
    })
  })

  it('counts what it did', async () => {
    const { values } = await kit.metrics.counter('kubewise_plans_total', '').get()
    const made = values
      .filter(({ labels }) => Object.values(labels).includes('plan'))
      .reduce((sum, { value }) => sum + value, 0)
    assert.ok(made >= 7, `${made} plans`)
    assert.equal(planner.health.report().checks['playbooks']?.ok, true)
  })
})
