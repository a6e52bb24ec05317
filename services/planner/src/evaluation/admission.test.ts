import assert from 'node:assert/strict'
import type { LimitRange } from '@kubewise/kube'
import { known, unknown } from '@kubewise/policy'
import { contextOf } from '../fixture/context.ts'
import { arrival, shortly, templateWith } from '../fixture/evaluation.ts'
import { deployment } from '../fixture/objects.ts'
import { placeOf } from '../fixture/place.ts'
import { checkAdmission } from './admission.ts'
import { checkLimitRanges } from './limit-range.ts'
import { podSecurity } from './pod-security.ts'
import type { Webhook } from './place.ts'

const HARDENED = {
  allowPrivilegeEscalation: false,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
}

describe('Pod Security', () => {
  const rows: [string, object, object, 'baseline' | 'restricted' | 'neither'][] = [
    ['a plain pod', {}, {}, 'restricted'],
    ['a hardened one', {}, { securityContext: HARDENED }, 'neither'],
    [
      'one hardened as a pod',
      { securityContext: { runAsNonRoot: true, seccompProfile: { type: 'Localhost' } } },
      {
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] },
        },
      },
      'neither',
    ],
    [
      'a container that takes it back',
      { securityContext: { runAsNonRoot: true } },
      { securityContext: { ...HARDENED, runAsNonRoot: false } },
      'restricted',
    ],
    ['root by number', {}, { securityContext: { ...HARDENED, runAsUser: 0 } }, 'restricted'],
    [
      'an init container that is not hardened',
      { initContainers: [{ name: 'init' }] },
      { securityContext: HARDENED },
      'restricted',
    ],
    ['an nfs volume', { volumes: [{ name: 'data', nfs: {} }] }, { securityContext: HARDENED }, 'restricted'],
    ['a Secret volume', { volumes: [{ name: 'data', secret: {} }] }, { securityContext: HARDENED }, 'neither'],
    ['a privileged container', {}, { securityContext: { ...HARDENED, privileged: true } }, 'baseline'],
    ['the host’s network', { hostNetwork: true }, { securityContext: HARDENED }, 'baseline'],
    [
      'a folder of the host',
      { volumes: [{ name: 'data', hostPath: { path: '/' } }] },
      { securityContext: HARDENED },
      'baseline',
    ],
    ['a port of the host', {}, { securityContext: HARDENED, ports: [{ containerPort: 80, hostPort: 80 }] }, 'baseline'],
    [
      'a capability beyond the list',
      {},
      { securityContext: { ...HARDENED, capabilities: { add: ['SYS_ADMIN'], drop: ['ALL'] } } },
      'baseline',
    ],
    [
      'no seccomp',
      { securityContext: { seccompProfile: { type: 'Unconfined' } } },
      { securityContext: HARDENED },
      'baseline',
    ],
    [
      'an unsafe sysctl',
      { securityContext: { sysctls: [{ name: 'kernel.msgmax' }] } },
      { securityContext: HARDENED },
      'baseline',
    ],
    ['a user of SELinux', {}, { securityContext: { ...HARDENED, seLinuxOptions: { user: 'root' } } }, 'baseline'],
  ]
  for (const [given, spec, container, breaks] of rows)
    it(`${given}: breaks ${breaks}`, () => {
      const template = templateWith(spec, container)
      const of = (level: string) => podSecurity(level, template).violations.length > 0
      assert.deepEqual(
        [of('privileged'), of('baseline'), of('restricted')],
        [false, breaks === 'baseline', breaks !== 'neither'],
      )
    })

  it('is not sure of a level that it does not know, or of Windows', () => {
    assert.deepEqual(podSecurity('strict', templateWith({})).unsure, ['the level "strict"'])
    assert.deepEqual(podSecurity('baseline', templateWith({ os: { name: 'windows' } })).unsure, ['a Windows pod'])
  })
})

const webhook = (changes: Partial<Webhook> = {}): Webhook => ({
  name: 'policy.example.com',
  isMutating: false,
  isServed: known(false),
  rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
  clientConfig: { service: { name: 'policy', namespace: 'policy' } },
  ...changes,
})

const context = (level?: string) =>
  contextOf({
    target: deployment(),
    namespace: {
      metadata: { name: 'shop', labels: { team: 'a', ...(level && { 'pod-security.kubernetes.io/enforce': level }) } },
    },
  })

describe('the admission check', () => {
  const rows: [string, Webhook[], string | undefined, string][] = [
    ['nothing configured', [], undefined, 'passed'],
    ['a webhook without endpoint', [webhook()], undefined, 'refused webhook-down'],
    ['a webhook with one', [webhook({ isServed: known(true) })], undefined, 'passed'],
    ['one that may be passed over', [webhook({ failurePolicy: 'Ignore' })], undefined, 'passed'],
    [
      'one for other kinds',
      [webhook({ rules: [{ operations: ['*'], apiGroups: ['*'], resources: ['services'] }] })],
      undefined,
      'passed',
    ],
    [
      'one for deletions',
      [webhook({ rules: [{ operations: ['DELETE'], apiGroups: [''], resources: ['pods'] }] })],
      undefined,
      'passed',
    ],
    [
      'one for everything',
      [webhook({ rules: [{ operations: ['*'], apiGroups: ['*'], resources: ['*/*'] }] })],
      undefined,
      'refused webhook-down',
    ],
    ['one for other namespaces', [webhook({ namespaceSelector: { matchLabels: { team: 'b' } } })], undefined, 'passed'],
    [
      'one for this namespace by name',
      [webhook({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } } })],
      undefined,
      'refused webhook-down',
    ],
    ['one for other pods', [webhook({ objectSelector: { matchLabels: { app: 'other' } } })], undefined, 'passed'],
    [
      'one that is called by URL',
      [webhook({ clientConfig: { url: 'https://x' }, isServed: unknown('URL') })],
      undefined,
      'passed',
    ],
    [
      'one that is asked on conditions',
      [webhook({ matchConditions: [{ name: 'x', expression: 'true' }] })],
      undefined,
      'unknown',
    ],
    [
      'one whose endpoints cannot be read',
      [webhook({ isServed: unknown('forbidden') })],
      undefined,
      'unknown not-readable',
    ],
    ['a level that the pod breaks', [], 'restricted', 'refused pod-security'],
    ['a level that it keeps', [], 'baseline', 'passed'],
    [
      'a level that it breaks, and a webhook that changes pods',
      [webhook({ isMutating: true, isServed: known(true) })],
      'restricted',
      'unknown',
    ],
  ]
  for (const [given, webhooks, level, expected] of rows)
    it(`${given}: ${expected}`, () => {
      const around = placeOf([], { webhooks: known(webhooks) })
      assert.equal(shortly(checkAdmission(context(level), [], [arrival()], around)), expected)
    })

  it('asks also for the change itself', () => {
    const forDeployments = webhook({
      rules: [{ operations: ['UPDATE'], apiGroups: ['apps'], resources: ['deployments'] }],
    })
    const forEvictions = webhook({ rules: [{ operations: ['CREATE'], apiGroups: [''], resources: ['pods/eviction'] }] })
    const object = { cluster: 'prod', kind: 'Deployment', namespace: 'shop', name: 'web' }
    const step = { id: 'a', object, with: {}, needs: [], timeoutSeconds: 1, preconditions: [], changes: [] }
    const verdicts = [forDeployments, forEvictions].map((each) =>
      ['rollback@1', 'evict-pod@1'].map((action) => {
        const around = placeOf([], { webhooks: known([each]) })
        return shortly(checkAdmission(context(), [{ step: { ...step, action } }], [], around))
      }),
    )
    assert.deepEqual(verdicts, [
      ['refused webhook-down', 'passed'],
      ['passed', 'refused webhook-down'],
    ])
  })
})

describe('the limits of a namespace', () => {
  const range = (limit: object): LimitRange => ({
    metadata: { name: 'small' },
    spec: { limits: [{ type: 'Container', ...limit }] },
  })
  const rows: [string, LimitRange, object, string][] = [
    ['a limit within', range({ max: { memory: '1Gi' } }), { limits: { memory: '1Gi' } }, 'passed'],
    ['a limit beyond', range({ max: { memory: '1Gi' } }), { limits: { memory: '1025Mi' } }, 'refused limit-range'],
    ['no limit where there is a most', range({ max: { memory: '1Gi' } }), {}, 'refused limit-range'],
    ['no limit, and a default', range({ max: { memory: '1Gi' }, default: { memory: '1Gi' } }), {}, 'passed'],
    ['a request below the least', range({ min: { cpu: '100m' } }), { requests: { cpu: '50m' } }, 'refused limit-range'],
    [
      'a limit too far above its request',
      range({ maxLimitRequestRatio: { cpu: '2' } }),
      { requests: { cpu: '100m' }, limits: { cpu: '201m' } },
      'refused limit-range',
    ],
    [
      'a pod that is too large as a whole',
      { spec: { limits: [{ type: 'Pod', max: { memory: '1Gi' } }] } },
      { limits: { memory: '2Gi' } },
      'refused limit-range',
    ],
    [
      'a claim’s own limit',
      { spec: { limits: [{ type: 'PersistentVolumeClaim', max: { storage: '1Gi' } }] } },
      {},
      'passed',
    ],
  ]
  for (const [given, of, resources, expected] of rows)
    it(`${given}: ${expected}`, () => {
      const around = placeOf([], { limitRanges: known([of]) })
      assert.equal(
        shortly(checkLimitRanges([arrival({ template: templateWith({}, { resources }) })], around)),
        expected,
      )
    })
})
