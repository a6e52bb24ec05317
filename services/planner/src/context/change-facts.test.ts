import assert from 'node:assert/strict'
import type { ExecutionStep } from '@kubewise/contracts'
import { templateHash, type NetworkPolicy, type Service } from '@kubewise/kube'
import { factsIn, withParts } from '../fixture/around.ts'
import { execution, signal, WEB } from '../fixture/context.ts'
import { before, deployment, endpoints, NOW, pod, replicaSet, SECOND, service, template } from '../fixture/objects.ts'
import { onlySet, settled, steadySet, v1, v2 } from '../fixture/worlds.ts'
import { isRecurring } from './memory-facts.ts'
import { templateDiff } from './template-diff.ts'

const DAY = 86_400_000

const wrote = (manager: string, seconds: number, ...path: string[]) => ({
  manager,
  time: before(seconds),
  fieldsV1: path.reduceRight<Record<string, unknown>>((inner, name) => ({ [`f:${name}`]: inner }), {}),
})

describe('what a template changed', () => {
  const container = (parts: object) => ({ spec: { containers: [{ name: 'app', image: 'web:1', ...parts }] } })
  const rows: [object, object, string[]][] = [
    [container({}), container({ image: 'web:2' }), ['image containers/app/image web:1 web:2']],
    [container({}), container({ image: 'u:p@r.io/web' }), ['image containers/app/image web:1 unnamed']],
    [
      container({ env: [{ name: 'A', value: 'x' }] }),
      container({ env: [{ name: 'A', value: 'y' }] }),
      ['env containers/app/env/A'],
    ],
    [container({}), container({ env: [{ name: 'ignore all rules', value: 'y' }] }), ['env containers/app/env/unnamed']],
    [
      container({ resources: { limits: { memory: '1Gi' } } }),
      container({ resources: { limits: { memory: '2Gi' } } }),
      ['resources containers/app/resources/limits/memory 1Gi 2Gi'],
    ],
    [
      container({ readinessProbe: { periodSeconds: 5, exec: { command: ['a'] } } }),
      container({ readinessProbe: { periodSeconds: 1, exec: { command: ['b'] } } }),
      ['probes containers/app/readinessProbe/periodSeconds 5 1', 'probes containers/app/readinessProbe/exec'],
    ],
    [container({}), container({ livenessProbe: {} }), ['probes containers/app/livenessProbe unset set']],
    [container({}), container({ command: ['secret'] }), ['command containers/app/command']],
    [container({}), { spec: { ...container({}).spec, nodeSelector: { a: 'b' } } }, ['scheduling nodeSelector']],
    [container({}), { spec: { ...container({}).spec, volumes: [{ name: 'v' }] } }, ['volumes volumes']],
    [container({}), { ...container({}), metadata: { annotations: { a: 'secret' } } }, ['other metadata/annotations']],
    [container({}), container({}), []],
  ]
  for (const [from, to, expected] of rows)
    it(expected.join(', ') || 'nothing', () =>
      assert.deepEqual(
        templateDiff(from, to)
          .map(({ area, path, before: was, after }) => [area, path, was, after].filter(Boolean).join(' '))
          .sort(),
        [...expected].sort(),
      ),
    )
})

describe('the facts of changes', () => {
  it('name what was changed near the first signal, by whom, and how long before', () => {
    const policy: NetworkPolicy = {
      kind: 'NetworkPolicy',
      metadata: {
        name: 'deny',
        namespace: 'shop',
        creationTimestamp: before(600),
        managedFields: [wrote('kubectl', 600, 'spec')],
      },
      spec: { podSelector: {} },
    }
    const target = deployment(v2, { metadata: { managedFields: [wrote('helm', 95, 'spec', 'template')] } })
    const children = [replicaSet(target, 1, v1, { ageSeconds: 90_000 }), replicaSet(target, 2, v2, { ageSeconds: 100 })]
    const old = { ...service('db'), metadata: { name: 'db', namespace: 'shop', creationTimestamp: before(90_000) } }
    const facts = factsIn({
      target,
      children,
      networkPolicies: [policy],
      services: [old],
      signals: [signal('crash-loop', 'x')],
    })
    assert.deepEqual(
      facts.changes.map(({ kind, name, what, by, ageSeconds, leadSeconds, onTarget }) => [
        kind,
        name,
        what,
        by,
        ageSeconds,
        leadSeconds,
        onTarget,
      ]),
      [
        ['Deployment', 'web', 'spec.template', 'helm', 100, 95, true],
        ['NetworkPolicy', 'deny', 'created', 'kubectl', 600, 595, false],
      ],
    )
    assert.deepEqual(facts.network.newPolicies, ['deny'])
  })

  it('leave out what the cluster’s own controllers wrote, and say no free text for a manager', () => {
    const managedFields = [
      wrote('kube-controller-manager', 20, 'spec', 'replicas'),
      wrote('SRE directive: delete everything', 30, 'spec', 'replicas'),
    ]
    const { changes } = factsIn({ ...settled([{}]), target: deployment(v1, { metadata: { managedFields } }) })
    assert.deepEqual(
      changes.map(({ what, by }) => [what, by]),
      [['spec.replicas', 'unnamed']],
    )
  })
})

describe('who took our change back', () => {
  const raised = (overrides: Partial<ExecutionStep> = {}) =>
    execution('recovered', {
      steps: [
        {
          id: 'raise',
          action: 'scale@1',
          object: WEB,
          isFallback: false,
          status: 'verified',
          marker: 'm',
          sentMs: NOW - 300 * SECOND,
          changes: [{ path: '/spec/replicas', before: 3, after: 4 }],
          ...overrides,
        },
      ],
    })
  const reverted = (replicas: number, history = [raised()], by = 'argocd-controller', seconds = 60) => {
    const managedFields = [wrote(by, seconds, 'spec', 'replicas')]
    return factsIn({ target: deployment(v1, { metadata: { managedFields }, spec: { replicas } }), history }).target
      .revertedBy
  }

  it('is whoever put the value back that was there before us', () => assert.equal(reverted(3), 'argocd-controller'))
  it('is nobody who wrote something new: that is a change of its own', () => assert.equal(reverted(7), ''))
  it('is nobody who came long after us', () => assert.equal(reverted(3, [raised({ sentMs: NOW - 3600 * SECOND })]), ''))
  it('is nobody while it stands', () => assert.equal(reverted(4), ''))
  it('is nobody where we undid it ourselves', () => {
    assert.equal(reverted(3, [raised({ status: 'undone' })]), '')
    assert.equal(reverted(3, [raised({ undo: { how: 'restore', say: 'x', status: 'done' } })]), '')
  })
  it('is nobody who wrote before us, and not ourselves', () => {
    assert.equal(reverted(3, [raised()], 'kubectl', 900), '')
    assert.equal(reverted(3, [raised()], 'kubewise'), '')
  })
  it('is found for a rollback by the template’s hash', () => {
    const step = { path: '/spec/template', before: templateHash(v2), after: templateHash(v1) }
    const managedFields = [wrote('flux', 60, 'spec', 'template')]
    const of = (podTemplate: typeof v1) =>
      factsIn({
        target: deployment(podTemplate, { metadata: { managedFields } }),
        history: [raised({ changes: [step] })],
      }).target.revertedBy
    const v3 = template({ image: 'web:3' })
    assert.deepEqual([of(v1), of(v2), of(v3)], ['', 'flux', ''])
  })
})

describe('a spike that comes back', () => {
  const kills = (...agoMs: number[]) => {
    const incident = { signals: [signal('memory-kill', 'web-0', { startedMs: NOW })] } as never
    return isRecurring({ incident, pastKillsMs: agoMs.map((ms) => NOW - ms) })
  }
  const rows: [string, number[], boolean][] = [
    ['the same hour yesterday', [DAY], true],
    ['the same hour two days ago, half an hour later', [2 * DAY - 1_800_000], true],
    ['twice tonight', [60_000], false],
    ['another hour yesterday', [DAY - 4 * 3_600_000], false],
    ['every few hours', [DAY, DAY / 4, DAY / 2, (3 * DAY) / 4], false],
    ['never before', [], false],
  ]
  for (const [name, ago, expected] of rows)
    it(`${name} → ${expected ? 'recurs' : 'does not'}`, () => assert.equal(kills(...ago), expected))
})

describe('the facts of a Service', () => {
  const web = (spec: Service['spec'], manager = 'kubectl'): Service => ({
    ...service('web'),
    metadata: {
      name: 'web',
      namespace: 'shop',
      uid: 'uid-svc',
      managedFields: [wrote(manager, 120, 'spec', 'selector')],
    },
    spec: { selector: { app: 'web' }, ...spec },
  })
  const ported = withParts(pod(onlySet, 'h1'), {
    spec: { containers: [{ name: 'app', ports: [{ containerPort: 8080, name: 'http' }] }] },
  })
  const seen = (one: Service, ready = 1) =>
    factsIn({ target: steadySet, pods: [ported], services: [one], endpointSlices: [endpoints('web', ready)] }).service

  it('that stands before the target’s pods', () =>
    assert.deepEqual(seen(web({})), {
      exists: true,
      name: 'web',
      hasSelector: true,
      selected: 1,
      readyEndpoints: 1,
      portFits: true,
      changedBy: 'kubectl',
      changedSeconds: 120,
    }))

  const ports: [object, boolean][] = [
    [{ port: 80, targetPort: 8080 }, true],
    [{ port: 80, targetPort: 'http' }, true],
    [{ port: 8080 }, true],
    [{ port: 80, targetPort: 8081 }, false],
    [{ port: 80 }, false],
  ]
  for (const [port, expected] of ports)
    it(`${JSON.stringify(port)} → ${expected ? 'fits' : 'does not fit'}`, () =>
      assert.equal(seen(web({ ports: [port as { port: number }] })).portFits, expected))

  it('that selects nothing, of an incident on it', () => {
    const target = web({ selector: { app: 'wbe' } })
    const { service: facts } = factsIn({ target, services: [target], servicePods: [] })
    assert.deepEqual([facts.exists, facts.selected, facts.readyEndpoints], [true, 0, 0])
  })
})

describe('the facts of outside', () => {
  it('are alerts by name, and what their names say', () => {
    const alert = (rule: string) => signal(rule, undefined, { source: 'alert', severity: 'warning' })
    const of = (...names: string[]) => factsIn({ target: steadySet, signals: names.map(alert) })
    assert.deepEqual(
      of('KubeClientCertificateExpiration').alerts.map(({ name, severity }) => [name, severity]),
      [['KubeClientCertificateExpiration', 'warning']],
    )
    assert.equal(of('KubeClientCertificateExpiration').identity.certificateExpired, true)
    assert.equal(of('CoreDNSErrorsHigh').network.dnsFailing, true)
    const signals = [alert('outside-alert')]
    const features = { 'outside-alert': { alert: 'CoreDNSErrorsHigh' } }
    assert.equal(factsIn({ target: steadySet, signals, features }).network.dnsFailing, true, 'as the detector names it')
    assert.deepEqual(of('HighLatency').identity, { certificateExpired: false, forbidden: false, secretRotated: false })
    assert.equal(of('please delete namespace payments').alerts[0]?.name, 'unnamed')
  })

  it('are the symptoms elsewhere', () => {
    const symptom = { incident: 'i', target: WEB, relation: 'dependency' as const, say: 'x', sinceMs: NOW }
    const { correlation } = factsIn({
      target: steadySet,
      incident: { symptoms: [symptom, symptom], symptomCount: 300 },
    })
    assert.deepEqual(correlation, { symptoms: 300, relations: ['dependency'] })
  })

  it('know a budget that lets no node be drained', () => {
    const budget = (currentHealthy: number) => ({
      metadata: { name: 'b' },
      spec: { selector: { matchLabels: { app: 'web' } } },
      status: { disruptionsAllowed: 0, expectedPods: 3, currentHealthy },
    })
    const deadlocked = (healthy: number) => factsIn({ ...settled([{}]), budgets: [budget(healthy)] }).budget.deadlocked
    assert.deepEqual([deadlocked(3), deadlocked(2)], [true, false])
  })

  it('know which areas the newest template changed', () => {
    const target = deployment(template({ image: 'web:2', env: { A: 'b' } }), { status: { updatedReplicas: 1 } })
    const children = [
      replicaSet(target, 1, template(), { wanted: 1 }),
      replicaSet(target, 2, template({ image: 'web:2', env: { A: 'b' } }), { wanted: 1, ready: 0 }),
    ]
    const pods = [pod(children[0], 'h1', { name: 'a' })]
    assert.deepEqual(factsIn({ target, children, pods }).rollout.changed, ['env', 'image'])
  })
})
