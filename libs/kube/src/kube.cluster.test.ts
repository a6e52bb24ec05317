import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { eventually, silentLog, skipWithout } from '@kubewise/testkit'
import { systemClock } from '@kubewise/service'
import { parse, stringify } from 'yaml'
import type { EventObject, Namespace, PodDisruptionBudget } from './cluster-objects.ts'
import { KubeError } from './errors.ts'
import { connectKube } from './kube.ts'
import type { KubernetesObject } from './objects.ts'
import { createOwnerResolver } from './owner-resolver.ts'
import type { Pod } from './pod-objects.ts'
import type { Kube, ObjectRef, Patch, WriteOptions } from './port.ts'
import { formatQuantity, parseQuantity } from './quantity.ts'
import { createEventRecorder } from './recorder.ts'
import { RESOURCES } from './resources.ts'
import {
  deploymentRevisions,
  rolloutStartedMs,
  statefulSetRevisions,
  daemonSetRevisions,
  templateHash,
} from './revisions.ts'
import { rolloutStatus } from './rollout.ts'
import type { ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet } from './workload-objects.ts'

const TIMEOUT_MS = 120_000
const LABELS = { app: 'web' }

function template(marker: string, labels: Record<string, string> = LABELS) {
  return {
    metadata: { labels },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: 'main',
          image: 'busybox:1',
          imagePullPolicy: 'IfNotPresent',
          command: ['sleep', '3600'],
          env: [{ name: 'MARKER', value: marker }],
          resources: { requests: { cpu: '1m', memory: '4Mi' }, limits: { cpu: '1000m', memory: '65536Ki' } },
        },
      ],
    },
  }
}

async function failure(promise: Promise<unknown>): Promise<KubeError> {
  const error: unknown = await promise.then(
    () => assert.fail('expected a KubeError'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof KubeError, String(error))
  return error
}

describe('Kube on a real cluster', function cluster() {
  this.timeout(TIMEOUT_MS)
  // oxlint-disable-next-line node/no-process-env
  const kubeconfig = skipWithout(process.env['KUBECONFIG'], 'KUBECONFIG is not set: no cluster to try this on')
  const namespace = `kube-test-${Date.now().toString(36)}`
  let kube: Kube
  let hasNodes = false
  const ref = (name: string): ObjectRef => ({ namespace, name })

  function deployment(name: string, replicas = 0): Deployment {
    return {
      metadata: { name, namespace, labels: LABELS },
      spec: { replicas, selector: { matchLabels: LABELS }, template: template('one') },
    }
  }

  before(async () => {
    kube = await connectKube({ kubeconfig, fieldManager: 'kubewise', clock: systemClock, log: silentLog })
    await kube.create<Namespace>(RESOURCES.Namespace, { metadata: { name: namespace } })
    hasNodes = (await kube.list(RESOURCES.Node)).items.length > 0
    await eventually(
      () => kube.get({ ...RESOURCES.ConfigMap, kind: 'ServiceAccount', plural: 'serviceaccounts' }, ref('default')),
      {
        timeoutMs: 30_000,
        say: 'the default service account',
      },
    )
  })

  after(async () => {
    const found = await kube?.get<Namespace>(RESOURCES.Namespace, { name: namespace })
    if (found?.metadata?.uid) await kube.delete(RESOURCES.Namespace, { name: namespace }, found.metadata.uid)
  })

  const nodesOrSkip = (test: Mocha.Context) => {
    if (hasNodes) return
    process.stderr.write('skipped: the cluster has no nodes\n')
    test.skip()
  }

  it('tells its version, and that our clocks agree', async () => {
    assert.match(await kube.serverVersion(), /^v1\.\d+/)
    assert.ok(Math.abs(kube.clockSkewMs() ?? Number.NaN) < 1_000, String(kube.clockSkewMs()))
  })

  describe('reading', () => {
    it('pages through a list of more than 500 at one version', async () => {
      const numbers = Array.from({ length: 520 }, (_, index) => index)
      for (let first = 0; first < numbers.length; first += 20) {
        await Promise.all(
          numbers.slice(first, first + 20).map((index) =>
            kube.create(RESOURCES.ConfigMap, {
              metadata: { name: `page-${index}`, namespace, labels: { page: 'yes' } },
            }),
          ),
        )
      }
      const { items, resourceVersion } = await kube.list(RESOURCES.ConfigMap, { namespace, labelSelector: 'page=yes' })
      assert.equal(new Set(items.map(({ metadata }) => metadata?.name)).size, 520)
      assert.match(resourceVersion, /^\d+$/)
      assert.deepEqual([items[0]?.apiVersion, items[0]?.kind], ['v1', 'ConfigMap'])
    })

    it('gives undefined for what is not there, and says why it cannot read', async () => {
      assert.equal(await kube.get(RESOURCES.Pod, ref('absent')), undefined)
      const unknown = { ...RESOURCES.Pod, plural: 'nonsense' }
      assert.equal((await failure(kube.list(unknown, { namespace }))).kind, 'not-found')
      assert.equal((await failure(kube.list(RESOURCES.Pod, { labelSelector: '!!' }))).kind, 'invalid')
    })

    it('answers an access question', async () => {
      assert.equal(
        (await kube.canI({ verb: 'patch', group: 'apps', resource: 'deployments', namespace })).isAllowed,
        true,
      )
    })

    it('is told forbidden where it may not read, as another user', async () => {
      const config = parse(await readFile(kubeconfig, 'utf8')) as { users: { user: Record<string, unknown> }[] }
      for (const { user } of config.users) user['as'] = 'nobody-in-particular'
      const options = { fieldManager: 'kubewise', clock: systemClock, log: silentLog }
      const nobody = await connectKube({ kubeconfig: stringify(config), ...options })
      const error = await failure(nobody.list(RESOURCES.Pod, { namespace }))
      assert.deepEqual([error.kind, error.status], ['forbidden', 403])
      assert.match(error.message, /nobody-in-particular/)
      assert.equal((await nobody.canI({ verb: 'list', group: '', resource: 'pods', namespace })).isAllowed, false)
    })

    it('lists, watches and is confirmed', async () => {
      const told: string[] = []
      const note = (what: string) => (item: KubernetesObject) => void told.push(`${what} ${item.metadata?.name}`)
      const reflector = kube.reflect(
        RESOURCES.ConfigMap,
        { namespace, labelSelector: 'watched=yes' },
        {
          onReplace: (items) => void told.push(`replace ${items.length}`),
          onUpsert: note('upsert'),
          onDelete: note('delete'),
        },
      )
      await reflector.synced
      const labels = { watched: 'yes' }
      const made = await kube.create<KubernetesObject>(RESOURCES.ConfigMap, {
        metadata: { name: 'seen', namespace, labels },
      })
      await kube.patch(RESOURCES.ConfigMap, ref('seen'), { type: 'merge', body: { data: { a: '1' } } })
      await kube.delete(RESOURCES.ConfigMap, ref('seen'), made.metadata?.uid ?? '')
      await eventually(() => told.length === 4, { say: 'all is told' })
      assert.deepEqual(told, ['replace 0', 'upsert seen', 'upsert seen', 'delete seen'])
      assert.ok(Date.now() - (reflector.confirmedMs() ?? 0) < 10_000)
      await reflector.stop()
    })
  })

  describe('writing', () => {
    before(() => kube.create(RESOURCES.Deployment, deployment('patched')))

    const MARK = { metadata: { annotations: { 'kubewise.io/step': 'p/1/1' } } }
    const patches: Patch[] = [
      {
        type: 'json',
        operations: [{ op: 'add', path: '/metadata/annotations', value: { 'kubewise.io/step': 'p/1/1' } }],
      },
      { type: 'merge', body: MARK },
      { type: 'strategic', body: MARK },
      {
        type: 'apply',
        body: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { ...MARK.metadata, name: 'patched' } },
        force: true,
      },
    ]
    for (const patch of patches) {
      it(`a ${patch.type} patch: as a dry run it changes nothing, else it does, in our name`, async () => {
        const removal: Patch = { type: 'merge', body: { metadata: { annotations: null } } }
        await kube.patch(RESOURCES.Deployment, ref('patched'), removal)
        const before = await kube.get<Deployment>(RESOURCES.Deployment, ref('patched'))
        const dry = await kube.patch<Deployment>(RESOURCES.Deployment, ref('patched'), patch, { isDryRun: true })
        assert.equal(dry.metadata?.annotations?.['kubewise.io/step'], 'p/1/1')
        const unchanged = await kube.get<Deployment>(RESOURCES.Deployment, ref('patched'))
        assert.equal(unchanged?.metadata?.annotations?.['kubewise.io/step'], undefined)
        assert.equal(unchanged?.metadata?.generation, before?.metadata?.generation)
        const done = await kube.patch<Deployment>(RESOURCES.Deployment, ref('patched'), patch)
        assert.equal(done.metadata?.annotations?.['kubewise.io/step'], 'p/1/1')
        assert.ok(done.metadata?.managedFields?.some(({ manager }) => manager === 'kubewise'))
      })
    }

    it('conflicts: a stale resourceVersion, a failed test, a name that is taken', async () => {
      const stale: Patch = { type: 'merge', body: { metadata: { resourceVersion: '1' }, spec: { replicas: 0 } } }
      assert.equal((await failure(kube.patch(RESOURCES.Deployment, ref('patched'), stale))).kind, 'conflict')
      const tested: Patch = { type: 'json', operations: [{ op: 'test', path: '/spec/replicas', value: 77 }] }
      assert.equal((await failure(kube.patch(RESOURCES.Deployment, ref('patched'), tested))).kind, 'invalid')
      assert.equal((await failure(kube.create(RESOURCES.Deployment, deployment('patched')))).kind, 'already-exists')
      const foreign: Patch = {
        type: 'apply',
        body: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'patched' }, spec: { replicas: 3 } },
      }
      const other = await connectKube({ kubeconfig, fieldManager: 'someone', clock: systemClock, log: silentLog })
      assert.equal((await failure(other.patch(RESOURCES.Deployment, ref('patched'), foreign))).kind, 'conflict')
    })

    const invalid: [what: string, body: object][] = [
      ['a misspelt field', { spec: { replica: 2 } }],
      ['a negative number', { spec: { replicas: -1 } }],
      ['a wrong type', { spec: { replicas: 'two' } }],
    ]
    for (const [what, body] of invalid) {
      it(`refuses ${what} as invalid, naming it`, async () => {
        const error = await failure(kube.patch(RESOURCES.Deployment, ref('patched'), { type: 'strategic', body }))
        assert.deepEqual([error.kind, error.isOutcomeUnknown], ['invalid', false])
        assert.match(error.message, /replica/)
      })
    }

    it('writes quantities as formatQuantity does (it rounds limits to thousandths)', async () => {
      const texts = [
        '1000m',
        '0.1',
        '1.5',
        '2048Ki',
        '1Gi',
        '1025Mi',
        '0.5Mi',
        '1e3',
        '12e6',
        '100000000',
        '1.5Gi',
        '0.1Ki',
      ]
      for (const cpu of texts) {
        const object = deployment('quantities')
        const resources = object.spec!.template!.spec!.containers[0]!.resources!
        resources.requests = {}
        resources.limits = { 'example.com/x': '1', 'ephemeral-storage': cpu, memory: cpu, cpu }
        const made = await kube.create<Deployment>(RESOURCES.Deployment, object, { isDryRun: true })
        const written = made.spec?.template?.spec?.containers[0]?.resources?.limits
        assert.equal(written?.['cpu'], formatQuantity(parseQuantity(cpu)), cpu)
      }
    })

    it('guards a delete by the uid', async () => {
      const made = await kube.create<KubernetesObject>(RESOURCES.ConfigMap, {
        metadata: { name: 'guarded', namespace },
      })
      const other = '00000000-0000-0000-0000-000000000000'
      assert.equal((await failure(kube.delete(RESOURCES.ConfigMap, ref('guarded'), other))).kind, 'conflict')
      await kube.delete(RESOURCES.ConfigMap, ref('guarded'), made.metadata?.uid ?? '', { isDryRun: true })
      assert.ok(await kube.get(RESOURCES.ConfigMap, ref('guarded')))
      await kube.delete(RESOURCES.ConfigMap, ref('guarded'), made.metadata?.uid ?? '')
      assert.equal(await kube.get(RESOURCES.ConfigMap, ref('guarded')), undefined)
    })

    it('scales by the subresource, and answers with a Scale', async () => {
      await kube.create(RESOURCES.Deployment, {
        ...deployment('scaled'),
        spec: { ...deployment('scaled').spec, paused: true },
      })
      const options: WriteOptions = { subresource: 'scale' }
      const scale = await kube.patch<KubernetesObject>(
        RESOURCES.Deployment,
        ref('scaled'),
        { type: 'merge', body: { spec: { replicas: 2 } } },
        options,
      )
      assert.equal(scale.kind, 'Scale')
      assert.equal((await kube.get<Deployment>(RESOURCES.Deployment, ref('scaled')))?.spec?.replicas, 2)
    })

    it('writes an Event that the API server accepts, on namespaced and cluster-wide objects', async () => {
      const recorder = createEventRecorder({ kube, clock: systemClock, log: silentLog, reportingInstance: 'test-1' })
      const found = await kube.get<Deployment>(RESOURCES.Deployment, ref('patched'))
      const regarding = {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        ...ref('patched'),
        uid: found?.metadata?.uid ?? '',
      }
      const note = `Rolled back.\u0007 ${'ö'.repeat(2_000)}`
      const base = { type: 'Normal', reason: 'Remediated', action: 'RollBack', note } as const
      assert.equal(await recorder.record({ ...base, regarding }), 'written')
      assert.equal(await recorder.record({ ...base, regarding }), 'repeated')
      const space = { apiVersion: 'v1', kind: 'Namespace', name: namespace }
      assert.equal(await recorder.record({ ...base, regarding: space, related: regarding }), 'written')
      const { items } = await kube.list<EventObject>(RESOURCES.Event, { namespace, fieldSelector: 'reason=Remediated' })
      assert.equal(items.length, 1)
      assert.equal(items[0]?.reportingController, 'kubewise.io/executor')
      assert.ok(Buffer.byteLength(items[0]?.note ?? '') <= 1024)
    })
  })

  describe('with pods', () => {
    before(async function start() {
      nodesOrSkip(this)
      await kube.create(RESOURCES.Deployment, deployment('web', 2))
      await complete(RESOURCES.Deployment, 'web')
    })

    async function complete(resource: (typeof RESOURCES)['Deployment' | 'StatefulSet' | 'DaemonSet'], name: string) {
      await eventually(
        async () => {
          const workload = await kube.get<Deployment>(resource, ref(name))
          const { phase, say } = rolloutStatus(workload ?? {})
          assert.equal(phase, 'complete', say)
          return true
        },
        { timeoutMs: 90_000, everyMs: 300, say: `${resource.kind} ${name} rolls out` },
      )
    }

    const change = (marker: string, labels = LABELS): Patch => ({
      type: 'strategic',
      body: { spec: { template: template(marker, labels) } },
    })

    it('finds the top owner of a pod', async () => {
      const { items } = await kube.list<Pod>(RESOURCES.Pod, { namespace, labelSelector: 'app=web' })
      const { top, chain, isBare, isComplete } = await createOwnerResolver(kube, { clock: systemClock }).ownershipOf(
        items[0]!,
      )
      assert.deepEqual([top.kind, top.name, isBare, isComplete], ['Deployment', 'web', false, true])
      assert.deepEqual(
        chain.map(({ kind }) => kind),
        ['Pod', 'ReplicaSet', 'Deployment'],
      )
    })

    it('knows the revisions of a Deployment, before and after it is rolled back', async () => {
      const read = async () => {
        const workload = (await kube.get<Deployment>(RESOURCES.Deployment, ref('web')))!
        const { items } = await kube.list<ReplicaSet>(RESOURCES.ReplicaSet, { namespace })
        return { workload, revisions: deploymentRevisions(workload, items) }
      }
      const one = await read()
      assert.deepEqual(
        one.revisions.map(({ number, isCurrent }) => [number, isCurrent]),
        [[1, true]],
      )
      assert.equal(one.revisions[0]?.hash, templateHash(one.workload.spec!.template!))
      await kube.patch(RESOURCES.Deployment, ref('web'), change('two'))
      await complete(RESOURCES.Deployment, 'web')
      const two = await read()
      assert.deepEqual(
        two.revisions.map(({ number, isCurrent }) => [number, isCurrent]),
        [
          [1, false],
          [2, true],
        ],
      )
      const target = two.revisions[0]!
      const back: Patch = {
        type: 'json',
        operations: [{ op: 'replace', path: '/spec/template', value: target.template }],
      }
      await kube.patch(RESOURCES.Deployment, ref('web'), back)
      await complete(RESOURCES.Deployment, 'web')
      const three = await read()
      assert.deepEqual(
        three.revisions.map(({ number, isCurrent }) => [number, isCurrent]),
        [
          [2, false],
          [3, true],
        ],
      )
      assert.deepEqual([three.revisions[1]?.name, three.revisions[1]?.wasRolledBackTo], [target.name, true])
      assert.ok((rolloutStartedMs(three.workload, three.revisions) ?? 0) > (two.revisions[1]?.createdMs ?? 0))
    })

    for (const kind of ['StatefulSet', 'DaemonSet'] as const) {
      it(`knows the revisions of a ${kind}, and which pods are of which`, async () => {
        const labels = { app: kind.toLowerCase() }
        const name = kind.toLowerCase()
        const resource = RESOURCES[kind]
        const spec = {
          selector: { matchLabels: labels },
          template: template('one', labels),
          updateStrategy: { type: 'RollingUpdate' },
        }
        const more = kind === 'StatefulSet' ? { replicas: 1, serviceName: name } : {}
        await kube.create<StatefulSet & DaemonSet>(resource, {
          metadata: { name, namespace },
          spec: { ...spec, ...more },
        })
        await complete(resource, name)
        await kube.patch(resource, ref(name), change('two', labels))
        await complete(resource, name)
        const workload = (await kube.get<StatefulSet & DaemonSet>(resource, ref(name)))!
        const { items } = await kube.list<ControllerRevision>(RESOURCES.ControllerRevision, { namespace })
        const revisions =
          kind === 'StatefulSet' ? statefulSetRevisions(workload, items) : daemonSetRevisions(workload, items)
        assert.deepEqual(
          revisions.map(({ number, isCurrent }) => [number, isCurrent]),
          [
            [1, false],
            [2, true],
          ],
        )
        const pods = await kube.list<Pod>(RESOURCES.Pod, { namespace, labelSelector: `app=${name}` })
        assert.ok(
          pods.items.some(({ metadata }) => metadata?.labels?.['controller-revision-hash'] === revisions[1]?.label),
        )
        const back: Patch = {
          type: 'json',
          operations: [{ op: 'replace', path: '/spec/template', value: revisions[0]!.template }],
        }
        await kube.patch(resource, ref(name), back)
        await complete(resource, name)
        const after = (await kube.get<StatefulSet & DaemonSet>(resource, ref(name)))!
        assert.equal(templateHash(after.spec!.template!), revisions[0]?.hash)
      })
    }

    it('evicts a pod by its uid only, and hears no from a disruption budget', async () => {
      const pods = await kube.list<Pod>(RESOURCES.Pod, { namespace, labelSelector: 'app=web' })
      const { name = '', uid = '' } = pods.items[0]?.metadata ?? {}
      await kube.evict(ref(name), uid, { isDryRun: true })
      assert.equal((await kube.get<Pod>(RESOURCES.Pod, ref(name)))?.metadata?.deletionTimestamp, undefined)
      const wrong = await failure(kube.evict(ref(name), '00000000-0000-0000-0000-000000000000'))
      assert.equal(wrong.kind, 'conflict')
      const budget = { minAvailable: 2, selector: { matchLabels: LABELS } }
      await kube.create<PodDisruptionBudget>(RESOURCES.PodDisruptionBudget, {
        metadata: { name: 'web', namespace },
        spec: budget,
      })
      await eventually(
        async () => {
          const found = await kube.get<PodDisruptionBudget>(RESOURCES.PodDisruptionBudget, ref('web'))
          return (found?.status?.observedGeneration ?? 0) > 0
        },
        { timeoutMs: 30_000 },
      )
      const refused = await failure(kube.evict(ref(name), uid))
      assert.deepEqual([refused.kind, refused.isOutcomeUnknown], ['too-many-requests', false])
      assert.match(refused.message, /disruption budget/)
      await kube.patch(RESOURCES.PodDisruptionBudget, ref('web'), {
        type: 'merge',
        body: { spec: { minAvailable: 1 } },
      })
      await eventually(
        () =>
          kube.evict(ref(name), uid).then(
            () => true,
            (error: unknown) => error instanceof KubeError && error.kind !== 'too-many-requests',
          ),
        { timeoutMs: 30_000 },
      )
      await eventually(async () => (await kube.get<Pod>(RESOURCES.Pod, ref(name)))?.metadata?.uid !== uid, {
        timeoutMs: 60_000,
      })
      assert.equal((await failure(kube.evict(ref(name), uid))).kind, 'not-found')
    })
  })
})
