import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connectBus } from '@kubewise/bus'
import { COLLECTIONS, type Incident, type Plan, type Target } from '@kubewise/contracts'
import { connectKube, isPodReady, RESOURCES, waitingReasonOf, type Kube, type Pod } from '@kubewise/kube'
import type { RbacRule } from '@kubewise/policy'
import { silentLog, systemClock } from '@kubewise/service'
import { openStore } from '@kubewise/store'
import { eventually, skipWithout, temporaryFolder, testKit } from '@kubewise/testkit'
import { stringify } from 'yaml'
import { createNamespace, deleteNamespace, inNamespace } from './arena.ts'
import { endOf, findAuditLog, writesOf } from './audit-log.ts'
import { createIdentity, deleteIdentity, readRules, writeRules } from './identity.ts'
import { OBSTACLES, type Obstacle } from './obstacles.ts'
import { startServices } from './services.ts'
import { suspect } from './suspect.ts'

const CLUSTER = 'test'
const IDENTITIES = ['kubewise-preflight', 'kubewise-preflight-pods', 'kubewise-preflight-reader']
/** More than five targets that fall ill together are a storm: whichever were not decided yet would become parts of it. */
const NO_STORM = 4
const RUNAWAY = { rule: 'sibling-outlier', features: { value: 95, siblings: 8, ratio: 12 } }

const namespaceOf = ({ name }: Obstacle) => `kubewise-preflight-${name}`
const targetOf = (obstacle: Obstacle): Target => ({
  cluster: CLUSTER,
  kind: obstacle.workload.resource.kind,
  namespace: namespaceOf(obstacle),
  name: obstacle.name,
})

/** All rights but one: a StatefulSet may not be changed. */
const limited = (): RbacRule[] => [
  ...readRules(),
  ...writeRules().filter(({ resources }) => !resources.includes('statefulsets')),
]

/** A playbook that would act on this target, whatever is wrong with it. */
function playbookFor({ name, step }: Obstacle): string {
  return stringify({
    apiVersion: 'kubewise.io/v1',
    kind: 'Playbook',
    metadata: { name: `test-${name}` },
    spec: {
      summary: 'Acts.',
      cause: 'unknown',
      order: 1,
      when: `target.name == '${name}'`,
      steps: [step],
      expect: { withinSeconds: 60, holds: ['workload-available'] },
    },
  })
}

describe('preflight on a real cluster', () => {
  const kubeconfigFile = skipWithout(process.env['KUBECONFIG'], 'KUBECONFIG is not set')
  const made = new AsyncDisposableStack()
  let audit: string | undefined
  let kube: Kube

  async function clear(): Promise<void> {
    const webhook = await kube.get(RESOURCES.ValidatingWebhookConfiguration, { name: 'kubewise-preflight-webhook' })
    const { name = '', uid = '' } = webhook?.metadata ?? {}
    if (webhook) await kube.delete(RESOURCES.ValidatingWebhookConfiguration, { name }, uid)
    await Promise.all([...OBSTACLES.map(namespaceOf), ...IDENTITIES].map((each) => deleteNamespace(kube, each)))
    for (const identity of IDENTITIES) await deleteIdentity(kube, identity)
  }

  const podsOf = async (obstacle: Obstacle): Promise<Pod[]> =>
    (await kube.list<Pod>(RESOURCES.Pod, { namespace: namespaceOf(obstacle), labelSelector: `app=${obstacle.name}` }))
      .items

  before(async () => {
    audit = findAuditLog(kubeconfigFile)
    kube = await connectKube({ kubeconfig: kubeconfigFile, fieldManager: 'test', clock: systemClock, log: silentLog })
    await clear()
    made.defer(clear)
    await Promise.all(
      OBSTACLES.map(async (obstacle) => {
        const { workload, isBornWell, name } = obstacle
        const namespace = namespaceOf(obstacle)
        await createNamespace(kube, namespace, true)
        await kube.create(workload.resource, inNamespace(workload.object, namespace))
        const isThere = (pods: readonly Pod[]) =>
          pods.length > 0 &&
          pods.every((pod) => (isBornWell ? isPodReady(pod) : waitingReasonOf(pod) === 'ErrImageNeverPull'))
        await eventually(async () => isThere(await podsOf(obstacle)), { timeoutMs: 120_000, say: `${name} is there` })
        await obstacle.putUp(kube, namespace)
      }),
    )
  })
  after(() => made.disposeAsync())

  /** Lets a planner with these rights look at the obstacles; nothing else of KubeWise runs. */
  async function plansOf(
    obstacles: readonly Obstacle[],
    identity: { kubeconfig: string },
    env: Record<string, string> = {},
  ): Promise<Map<string, { plan: Plan; incident: Incident }>> {
    await using held = new AsyncDisposableStack()
    const folder = held.use(await temporaryFolder()).path
    for (const obstacle of OBSTACLES.filter(({ step }) => 'with' in step))
      await writeFile(join(folder, `${obstacle.name}.yaml`), playbookFor(obstacle))
    const planner = { KUBEWISE_PLAYBOOKS: folder, ...env }
    const services = held.use(
      await startServices({
        kubeconfig: identity.kubeconfig,
        prometheusUrl: 'http://127.0.0.1:9090',
        mode: 'auto',
        env: { planner },
        only: ['planner'],
      }),
    )
    const kit = testKit({ name: 'preflight', clock: systemClock })
    const bus = held.adopt(await connectBus({ url: services.natsUrl, name: 'test', ...kit }), (each) => each.close())
    const store = held.adopt(
      await openStore({ kind: 'sqlite', file: services.storeFile }, { clock: systemClock, log: silentLog }),
      (each) => each.close(),
    )
    const decided = async ({ name }: Obstacle) => {
      const { items } = await store.collection(COLLECTIONS.incidents).find({ where: { 'target.name': name } })
      const [incident] = items
      const plan = await store.collection(COLLECTIONS.plans).get(incident?.decision?.plan ?? '-')
      return incident && plan && { incident, plan }
    }
    const found = await Promise.all(
      obstacles.map(async (obstacle) => {
        const [pod] = await podsOf(obstacle)
        const signal = 'with' in obstacle.step ? { rule: 'pod-not-ready' } : RUNAWAY
        const { name = '', uid = '' } = pod?.metadata ?? {}
        await suspect(bus, targetOf(obstacle), { name, uid }, signal)
        const say = () => `a decision on ${obstacle.name}: ${services.output().slice(-3000)}`
        const seen = await eventually(() => decided(obstacle), { timeoutMs: 60_000, say })
        return [obstacle.name, seen] as const
      }),
    )
    kit.abort()
    return new Map(found)
  }

  const refusedBy = ({ checks = [] }: Plan) =>
    checks
      .filter(({ verdict, name }) => verdict === 'refused' && name !== 'policy')
      .map(({ name, code }) => `${name} ${code}`)

  /** That what was asked is in the audit log, as dry runs, shows that a write would be. */
  async function assertNothingWritten(user: string, from: number): Promise<void> {
    const file = audit
    if (file === undefined) return
    const writes = await eventually(
      async () => {
        const seen = await writesOf(file, user, from)
        return seen.length > 0 ? seen : undefined
      },
      { timeoutMs: 30_000, say: 'the dry runs are in the audit log' },
    )
    assert.deepEqual(
      writes.filter(({ isDryRun }) => !isDryRun),
      [],
    )
  }

  it('refuses each for its own reason, by what is configured, and writes nothing', async () => {
    const identity = await createIdentity(kube, kubeconfigFile, IDENTITIES[0]!, limited())
    const from = audit ? await endOf(audit) : 0
    const plans = new Map<string, { plan: Plan; incident: Incident }>()
    for (let first = 0; first < OBSTACLES.length; first += NO_STORM)
      for (const each of await plansOf(OBSTACLES.slice(first, first + NO_STORM), identity)) plans.set(...each)
    for (const { name, code, check } of OBSTACLES) {
      const { plan, incident } = plans.get(name)!
      const actions = plan.steps.map(({ action }) => action)
      process.stdout.write(`${name.padEnd(12)} ${incident.decision?.code}: ${incident.decision?.say}\n`)
      assert.deepEqual([incident.decision?.code, actions], [code, ['escalate@1']], name)
      if (check === 'harm') assert.match(plan.reasoning, new RegExp(`Not done: test-${name}: `))
      else assert.ok(refusedBy(plan).includes(`${check} ${code}`), `${name}: ${refusedBy(plan).join(', ')}`)
    }
    assert.match(plans.get('argo')!.plan.proposal?.patch ?? '', /memory: 48Mi/)
    await assertNothingWritten(identity.user, from)
  })

  it('refuses in the API server’s own words where pods may be created in dry runs, and writes nothing', async () => {
    const rules = [...limited(), { apiGroups: [''], resources: ['pods'], verbs: ['create'] }]
    const identity = await createIdentity(kube, kubeconfigFile, IDENTITIES[1]!, rules)
    const from = audit ? await endOf(audit) : 0
    const asked = OBSTACLES.filter(({ name }) => ['quota', 'security', 'webhook'].includes(name))
    const plans = await plansOf(asked, identity)
    for (const { name, code } of asked) {
      const { incident } = plans.get(name)!
      process.stdout.write(`${name.padEnd(12)} ${incident.decision?.code}: ${incident.decision?.say}\n`)
      assert.equal(incident.decision?.code, code, name)
      assert.match(incident.decision?.say ?? '', /^The API server would refuse it: /)
    }
    await assertNothingWritten(identity.user, from)
  })

  it('asks for the rights of another account, and reads alone where it may do no more', async () => {
    const reviews = { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] }
    const identity = await createIdentity(kube, kubeconfigFile, IDENTITIES[2]!, [...readRules(), reviews])
    const executor = `system:serviceaccount:${IDENTITIES[0]}:${IDENTITIES[0]}`
    const from = audit ? await endOf(audit) : 0
    const asked = OBSTACLES.filter(({ name }) => ['rights', 'budget'].includes(name))
    const plans = await plansOf(asked, identity, { KUBEWISE_EXECUTOR_ACCOUNT: executor })
    const checksOf = (name: string) =>
      Object.fromEntries((plans.get(name)!.plan.checks ?? []).map((check) => [check.name, check]))
    assert.equal(checksOf('rights')['permission']?.code, 'permission-missing')
    assert.ok(checksOf('rights')['permission']?.say.startsWith(executor))
    assert.equal(checksOf('budget')['permission']?.verdict, 'passed')
    assert.equal(checksOf('budget')['dry-run']?.verdict, 'unknown')
    assert.equal(plans.get('budget')!.incident.decision?.code, 'pdb-exhausted')
    await assertNothingWritten(identity.user, from)
  })
})
