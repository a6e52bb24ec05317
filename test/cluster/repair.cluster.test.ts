import assert from 'node:assert/strict'
import { connectKube, type Kube } from '@kubewise/kube'
import { silentLog, systemClock } from '@kubewise/service'
import { eventually, skipWithout } from '@kubewise/testkit'
import { bornMs, createNamespace, deleteNamespace, deploy, inNamespace, repaired, touchedBy } from './arena.ts'
import { endOf, findAuditLog, writesOf, type Write } from './audit-log.ts'
import { FAILURES, OTHER_KINDS, type Failure } from './failures.ts'
import { createIdentity, deleteIdentity } from './identity.ts'
import { startServices, type Services } from './services.ts'
import { barePod, IDLE, job, workload } from './workloads.ts'

const kubeconfigFile = process.env['KUBECONFIG'] ?? ''
const prometheusUrl = process.env['PROM_URL'] ?? ''
const IDENTITY = 'kubewise-test'
const MANAGER = /^kubewise/
const MANAGED = ['kubewise-test-a', 'kubewise-test-b']
const PLAIN = 'kubewise-test-plain'
const REPAIR_MS = 420_000
/** How long it is watched that nothing happens: well past the time in which the opted-in twin was repaired. */
const STILL_MS = 60_000

interface Told {
  items: { target: { namespace: string; name: string }; detectedMs?: number; actedMs?: number; status: string }[]
}

describe('KubeWise on a real cluster', () => {
  skipWithout(kubeconfigFile || undefined, 'KUBECONFIG is not set')
  skipWithout(prometheusUrl || undefined, 'PROM_URL is not set')
  const audit = findAuditLog(kubeconfigFile)
  let kube: Kube
  let identity: Awaited<ReturnType<typeof createIdentity>>
  let services: Services | undefined

  before(async () => {
    kube = await connectKube({ kubeconfig: kubeconfigFile, fieldManager: 'test', clock: systemClock, log: silentLog })
    await clear()
    identity = await createIdentity(kube, kubeconfigFile, IDENTITY)
    for (const namespace of MANAGED) await createNamespace(kube, namespace, true)
    await createNamespace(kube, PLAIN, false)
  })
  afterEach(function () {
    if (this.currentTest?.state === 'failed') process.stdout.write(`${services?.output() ?? ''}\n`)
  })
  after(async () => {
    await services?.[Symbol.asyncDispose]()
    if (kubeconfigFile && prometheusUrl) await clear()
  })

  async function clear(): Promise<void> {
    await Promise.all([...MANAGED, PLAIN].map((namespace) => deleteNamespace(kube, namespace)))
    await deleteIdentity(kube, IDENTITY)
    await eventually(
      async () =>
        (await kube.get(
          { kind: 'Namespace', group: '', version: 'v1', plural: 'namespaces', isNamespaced: false },
          { name: IDENTITY },
        )) === undefined,
      { timeoutMs: 120_000 },
    )
  }

  async function startIn(mode: 'observe' | 'auto'): Promise<void> {
    await services?.[Symbol.asyncDispose]()
    services = undefined
    services = await startServices({ kubeconfig: identity.kubeconfig, prometheusUrl, mode })
  }

  const writes = async (from: number): Promise<Write[]> =>
    audit ? (await writesOf(audit, identity.user, from)).filter(({ isDryRun }) => !isDryRun) : []
  const ask = async (path: string): Promise<Told> => (await fetch(`${services!.apiUrl}${path}`)).json() as Promise<Told>

  /** Breaks and waits for the repair; says how many seconds each part took. */
  async function playThrough(failure: Failure, namespace: string): Promise<void> {
    const brokenMs = failure.isBornWell ? Date.now() : await bornMs(kube, namespace, failure)
    await failure.break(kube, namespace)
    const repairedMs = await repaired(kube, namespace, failure, REPAIR_MS)
    const name = failure.workload.object.metadata?.name
    const mine = ({ target }: Told['items'][number]) => target.namespace === namespace && target.name === name
    const detected = (await ask(`/anomalies?limit=500&namespace=${namespace}`)).items
      .filter(mine)
      .map(({ detectedMs }) => detectedMs ?? 0)
    const acted = (await ask(`/api/v1/executions?limit=500&namespace=${namespace}`)).items
      .filter(mine)
      .flatMap(({ actedMs }) => actedMs ?? [])
    const seconds = (ms: number | undefined) =>
      ms === undefined ? '   –' : ((ms - brokenMs) / 1000).toFixed(1).padStart(6)
    process.stdout.write(
      `${failure.name.padEnd(26)} detect ${seconds(Math.min(...detected))} s, act ${seconds(Math.min(...acted))} s, recover ${seconds(repairedMs)} s\n`,
    )
    assert.ok(detected.length > 0, 'the API tells of the anomaly')
    await eventually(
      async () =>
        (await ask(`/api/v1/executions?limit=500&namespace=${namespace}`)).items
          .filter(mine)
          .some(({ status }) => status === 'recovered'),
      {
        timeoutMs: 240_000,
        say: `the execution for ${failure.name} is verified`,
      },
    )
  }

  describe('in mode auto', () => {
    let from = 0
    before(async () => {
      from = audit ? await endOf(audit) : 0
      await startIn('auto')
      await deploy(kube, PLAIN, FAILURES)
      for (const [i, failure] of FAILURES.entries()) await deploy(kube, MANAGED[i % 2]!, [failure])
    })

    it('repairs the four failures where it may, and touches nothing where it may not', async () => {
      const plain = FAILURES.map((failure) => failure.break(kube, PLAIN))
      await Promise.all([...plain, ...FAILURES.map((failure, i) => playThrough(failure, MANAGED[i % 2]!))])
      assert.deepEqual(await touchedBy(kube, PLAIN, MANAGER), [])
      assert.deepEqual(
        (await writes(from)).filter(({ namespace, resource }) => namespace === PLAIN && resource !== 'events'),
        [],
      )
    })

    it('writes only what its actions are made of, each effect once', async () => {
      if (!audit) return
      const effects = (await writes(from)).filter(({ resource, status }) => resource !== 'events' && status < 300)
      assert.ok(effects.length >= FAILURES.length)
      for (const { verb, resource, subresource } of effects)
        assert.match(
          `${verb} ${resource}${subresource ? `/${subresource}` : ''}`,
          /^(patch (deployments|statefulsets|daemonsets)|create pods\/eviction)$/,
        )
      const markers = effects
        .map(
          ({ body }) => /kubewise\.io(?:\/|~1)step[^A-Za-z0-9]+([\w-]+\/[\w-]+\/\d+)/.exec(JSON.stringify(body))?.[1],
        )
        .filter((marker) => marker !== undefined)
      assert.equal(new Set(markers).size, markers.length, `each marker once: ${markers.join(', ')}`)
    })

    it('repairs StatefulSets and DaemonSets too', async () => {
      await deploy(kube, MANAGED[0]!, OTHER_KINDS)
      await Promise.all(OTHER_KINDS.map((failure) => playThrough(failure, MANAGED[0]!)))
    })

    it('leaves a rolling update, a completed Job and the crash of a bare pod alone', async () => {
      const namespace = MANAGED[1]!
      const slow = workload({
        name: 'rolling',
        replicas: 3,
        script: `sleep 8\ntouch /tmp/ready\n${IDLE}`,
        readiness: 'test -f /tmp/ready',
        env: { RELEASE: '1' },
      })
      for (const { resource, object } of [slow, job('finished'), barePod('bare')])
        await kube.create(resource, inNamespace(object, namespace))
      const crashes = async () =>
        (await ask(`/anomalies?limit=500&namespace=${namespace}`)).items.some(({ target }) => target.name === 'bare')
      await eventually(crashes, { timeoutMs: 120_000, say: 'the bare pod’s crash is seen' })
      await kube.patch(
        slow.resource,
        { namespace, name: 'rolling' },
        {
          type: 'strategic',
          body: {
            spec: { template: { spec: { containers: [{ name: 'app', env: [{ name: 'RELEASE', value: '2' }] }] } } },
          },
        },
      )
      await systemClock.sleep(STILL_MS)
      const touched = (await writes(from)).filter(
        ({ name = '', resource }) => /^(rolling|finished|bare)/.test(name) && resource !== 'events',
      )
      assert.deepEqual(touched, [])
      assert.deepEqual(
        (await touchedBy(kube, namespace, MANAGER)).filter((name) => /\/(rolling|finished|bare)/.test(name)),
        [],
      )
    })
  })

  describe('in mode observe', () => {
    it('says what it would have done, and writes nothing at all', async () => {
      for (const namespace of MANAGED) await deleteNamespace(kube, namespace)
      for (const namespace of MANAGED) await createNamespace(kube, namespace, true)
      const from = audit ? await endOf(audit) : 0
      await startIn('observe')
      for (const [i, failure] of FAILURES.entries()) {
        await deploy(kube, MANAGED[i % 2]!, [failure])
        await failure.break(kube, MANAGED[i % 2]!)
      }
      const planned = async () => {
        const { items } = await ask('/api/v1/plans?limit=500')
        return new Set(items.filter(({ status }) => status === 'observed').map(({ target }) => target.name)).size
      }
      await eventually(async () => (await planned()) === FAILURES.length, {
        timeoutMs: 300_000,
        say: 'there is a plan for each failure',
      })
      assert.deepEqual(
        (await writes(from)).filter(({ resource }) => resource !== 'events'),
        [],
      )
      for (const namespace of MANAGED) assert.deepEqual(await touchedBy(kube, namespace, MANAGER), [])
    })
  })
})
