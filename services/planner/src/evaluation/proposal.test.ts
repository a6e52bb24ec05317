import assert from 'node:assert/strict'
import { COLLECTIONS } from '@kubewise/contracts'
import { parse } from 'yaml'
import { benchOf } from '../fixture/bench.ts'
import { evaluated, templateWith } from '../fixture/evaluation.ts'
import { deployment } from '../fixture/objects.ts'
import { testRecord } from '../fixture/record.ts'
import { crashing, rolling, rollout, settled, v1 } from '../fixture/worlds.ts'
import { templatePatch } from './template-patch.ts'

const labels = { 'argocd.argoproj.io/instance': 'shop' }
const argo = { ...rolling, metadata: { ...rolling.metadata, labels } }

describe('what is proposed to people instead', () => {
  it('of a rollback is the change of the image, as a patch that can be committed', async () => {
    const { proposal } = await evaluated({ ...rollout(crashing), target: argo }, [['rollback@1', { toRevision: 1 }]])
    assert.equal(
      proposal?.patch,
      [
        'apiVersion: apps/v1',
        'kind: Deployment',
        'metadata:',
        '  name: web',
        '  namespace: shop',
        'spec:',
        '  template:',
        '    spec:',
        '      containers:',
        '        - name: app',
        '          image: web:1',
        '',
      ].join('\n'),
    )
    assert.match(proposal.say, /where shop\/Deployment\/web is declared \(Argo CD shop\)/)
  })

  it('of a limit or of replicas is that alone; of an eviction nothing', async () => {
    const world = { ...settled([{}, {}, {}]), target: deployment(v1, { metadata: { labels } }) }
    const patchOf = async (action: string, given: Record<string, string | number>) => {
      const { proposal } = await evaluated(world, [[action, given]])
      return proposal && (parse(proposal.patch) as { spec: unknown }).spec
    }
    const container = { name: 'app', resources: { limits: { memory: '96Mi' } } }
    assert.deepEqual(
      [
        await patchOf('set-resources@1', { container: 'app', memoryLimit: '96Mi' }),
        await patchOf('scale@1', { replicas: 4 }),
        await patchOf('evict-pod@1', { pod: 'web-0', uid: 'uid-web-0' }),
      ],
      [{ template: { spec: { containers: [container] } } }, { replicas: 4 }, undefined],
    )
  })

  it('stands on the plan that the playbook for owned objects makes', async () => {
    await using record = await testRecord()
    const bench = await benchOf(record.store, () => ({ ...rollout(crashing), target: argo }))
    await bench.decide()
    const [plan] = (await record.store.collection(COLLECTIONS.plans).find()).items
    assert.deepEqual(
      [plan?.cause, plan?.steps.map(({ action }) => action), bench.asked],
      ['owned-elsewhere', ['escalate@1'], []],
    )
    assert.match(plan?.proposal?.patch ?? '', /image: web:1/)
  })

  it('holds no value of the environment and no command, only where they are found', () => {
    const secret = 'hunter2-hunter2'
    const before = templateWith(
      {},
      {
        env: [
          { name: 'OLD', value: secret },
          { name: 'DB', value: secret },
        ],
        command: [secret],
        livenessProbe: { httpGet: { path: `/?t=${secret}`, port: 80 } },
      },
      'web:2',
    )
    const after = templateWith(
      { volumes: [{ name: 'data', hostPath: { path: secret } }] },
      {
        env: [
          { name: 'DB', value: `${secret}-before` },
          { name: 'KEY', valueFrom: { secretKeyRef: { name: 'web', key: 'key' } } },
        ],
        args: [secret],
        livenessProbe: { exec: { command: [secret] } },
        readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 5 },
        startupProbe: { httpGet: { path: '/', port: 80, httpHeaders: [{ name: 'Authorization', value: secret }] } },
      },
    )
    const { patch, left } = templatePatch(before, after, 3)
    assert.ok(!JSON.stringify({ patch, left }).includes(secret))
    assert.deepEqual(patch, {
      spec: {
        containers: [
          {
            name: 'app',
            image: 'web:1',
            readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 5 },
            env: [
              { name: 'DB', value: '«value of revision 3»' },
              { name: 'KEY', value: null, valueFrom: { secretKeyRef: { name: 'web', key: 'key' } } },
              { name: 'OLD', $patch: 'delete' },
            ],
          },
        ],
      },
    })
    assert.deepEqual(left, [
      'livenessProbe of the container app (take it from revision 3)',
      'startupProbe of the container app (take it from revision 3)',
      'command of the container app (take it from revision 3)',
      'args of the container app (take it from revision 3)',
      'volumes of the pod (take it from revision 3)',
    ])
  })

  it('takes away what a limit or a container that is gone had, and is nothing where nothing may be shown', () => {
    const with2 = {
      spec: {
        containers: [
          { name: 'app', image: 'a' },
          { name: 'side', image: 'b' },
        ],
      },
    }
    const one = { spec: { containers: [{ name: 'app', image: 'a' }] } }
    const limited = templateWith({}, { resources: { limits: { cpu: '1', memory: '1Gi' } } })
    const less = templateWith({}, { resources: { limits: { memory: '2Gi' } } })
    assert.deepEqual(templatePatch(with2, one, 1).patch, { spec: { containers: [{ name: 'side', $patch: 'delete' }] } })
    assert.deepEqual(templatePatch(limited, less, 1).patch, {
      spec: { containers: [{ name: 'app', resources: { limits: { cpu: null, memory: '2Gi' } } }] },
    })
    assert.deepEqual(templatePatch(one, with2, 1), {
      patch: undefined,
      left: ['the container side (take it from revision 1)'],
    })
  })
})
