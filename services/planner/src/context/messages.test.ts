import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import {
  creationRefusalOf,
  imageProblemOf,
  isMultiAttach,
  missingOf,
  overRequestOf,
  probeOf,
  schedulingProblemsOf,
} from './messages.ts'

const CONTAINERD = 'rpc error: code = Unknown desc = failed to pull and unpack image "docker.io/library/web:nope": '

describe('what the kubelet says of an image', () => {
  const images: [string, string, string | undefined][] = [
    [
      'ErrImagePull',
      'rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/web:nope": failed to resolve reference "docker.io/library/web:nope": docker.io/library/web:nope: not found',
      'not-found',
    ],
    [
      'ImagePullBackOff',
      'Back-off pulling image "web:nope": ErrImagePull: rpc error: code = NotFound desc = failed to pull and unpack image "web:nope": failed to resolve reference "web:nope": web:nope: not found',
      'not-found',
    ],
    ['ErrImagePull', 'manifest for web:nope not found: manifest unknown: manifest unknown', 'not-found'],
    ['ErrImagePull', 'reading manifest nope in docker.io/library/web: manifest unknown', 'not-found'],
    [
      'ErrImagePull',
      `${CONTAINERD}failed to resolve reference "x/y:1": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`,
      'unauthorized',
    ],
    [
      'ErrImagePull',
      `${CONTAINERD}failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://r.io/token?x=1: 401 Unauthorized`,
      'unauthorized',
    ],
    [
      'ErrImagePull',
      'unexpected status from HEAD request to https://r.io/v2/x/manifests/1: 403 Forbidden',
      'unauthorized',
    ],
    [
      'ErrImagePull',
      `${CONTAINERD}failed to copy: httpReadSeeker: failed open: unexpected status code https://r.io/v2/x: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit.`,
      'rate-limited',
    ],
    [
      'ErrImagePull',
      `${CONTAINERD}failed to resolve reference "r.io/x:1": failed to do request: Head "https://r.io/v2/x/manifests/1": dial tcp: lookup r.io on 10.0.0.2:53: no such host`,
      'unreachable',
    ],
    [
      'ErrImagePull',
      `${CONTAINERD}failed to do request: Head "https://r.io/v2/x/manifests/1": dial tcp 10.9.9.9:443: i/o timeout`,
      'unreachable',
    ],
    ['RegistryUnavailable', '', 'unreachable'],
    ['InvalidImageName', 'Failed to apply default image tag "WEB": couldn\'t parse image name', 'invalid'],
    ['ErrImageNeverPull', 'Container image "web:1" is not present with pull policy of Never', 'not-found'],
    ['ImagePullBackOff', 'Back-off pulling image "web:nope"', 'other'],
    ['CrashLoopBackOff', 'back-off 10s restarting failed container', undefined],
    ['', 'not found', undefined],
  ]
  for (const [waiting, message, expected] of images)
    it(`${waiting} ${message.slice(-60)} → ${expected}`, () =>
      assert.equal(imageProblemOf(waiting, [message]), expected))

  it('is not read from the image’s own name', () => {
    for (const name of [
      'r.io/unauthorized:429',
      'team/toomanyrequests:pull-access-denied',
      'connection-refused:manifest-unknown',
    ])
      assert.equal(
        imageProblemOf('ErrImagePull', [
          `failed to pull image "${name}": ${name}: it is broken`,
          `reading ${name}: it is broken`,
        ]),
        'other',
        name,
      )
  })

  it('is taken from an Event where the container tells only of the back-off', () =>
    assert.equal(
      imageProblemOf('ImagePullBackOff', [
        'Back-off pulling image "web:nope"',
        'Failed to pull image "web:nope": rpc error: code = NotFound desc = web:nope: not found',
      ]),
      'not-found',
    ))
})

describe('what the scheduler says', () => {
  const rows: [string, string[]][] = [
    [
      '0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
      ['insufficient'],
    ],
    ['0/3 nodes are available: 1 Insufficient memory, 2 node(s) were unschedulable.', ['cordoned', 'insufficient']],
    [
      "0/4 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 3 node(s) didn't match Pod's node affinity/selector. preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling.",
      ['selector'],
    ],
    ['0/1 nodes are available: 1 node(s) had untolerated taint {gpu: yes, really}.', ['taint']],
    [
      '0/2 nodes are available: 2 node(s) had untolerated taint(s). no new claims to deallocate, preemption: x',
      ['taint'],
    ],
    ['0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/unschedulable: }.', ['cordoned']],
    ["0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules.", ['affinity']],
    ["0/3 nodes are available: 3 node(s) didn't match pod topology spread constraints.", ['affinity']],
    ["0/3 nodes are available: 3 node(s) didn't satisfy existing pods anti-affinity rules.", ['affinity']],
    ['0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: x', ['volume']],
    ['0/1 nodes are available: persistentvolumeclaim "data" not found. not found', ['volume']],
    ['0/2 nodes are available: 2 node(s) had volume node affinity conflict.', ['volume']],
    ['0/110 nodes are available: 110 Too many pods.', ['insufficient']],
    [
      '0/1 nodes are available: 1 node(s) had untolerated taint {Insufficient: Insufficient cpu, 1 Insufficient cpu}.',
      ['taint'],
    ],
    ['running PreBind plugin: something else', []],
  ]
  for (const [message, expected] of rows)
    it(`${message.slice(0, 90)} → ${expected.join(', ') || 'nothing'}`, () =>
      assert.deepEqual(schedulingProblemsOf(message), expected))
})

describe('why a pod is not created', () => {
  const rows: [string, string, string][] = [
    [
      'pods "web-5" is forbidden: exceeded quota: tight, requested: pods=1, used: pods=3, limited: pods=3',
      'quota',
      'tight',
    ],
    ['pods "web-5" is forbidden: failed quota: tight: must specify limits.cpu for: app', 'quota', 'tight'],
    [
      'Error creating: pods "web-5" is forbidden: exceeded quota: team.a, requested: pods=1, used: pods=3, limited: pods=3',
      'quota',
      'team.a',
    ],
    [
      'create Pod db-0 in StatefulSet db failed error: pods "db-0" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false',
      'pod-security',
      '',
    ],
    [
      'Internal error occurred: failed calling webhook "check.example.com": failed to call webhook: Post "https://hook.ns.svc:443/?timeout=10s": dial tcp: connection refused',
      'webhook',
      'check.example.com',
    ],
    [
      'admission webhook "check.example.com" denied the request: exceeded quota: tight',
      'forbidden',
      'check.example.com',
    ],
    ['pods "web-5" is forbidden: maximum cpu usage per Container is 1, but limit is 2', 'limit-range', ''],
    ['pods "web-5" is forbidden: [minimum memory usage per Pod is 1Gi, but request is 1Mi, x]', 'limit-range', ''],
    [
      'pods "web-5" is forbidden: error looking up service account shop/app: serviceaccount "app" not found',
      'other',
      '',
    ],
    ['pods "web-5" is forbidden: SRE directive: exceeded quota: tight', 'other', ''],
    ['', 'other', ''],
  ]
  for (const [message, reason, by] of rows)
    it(`${message.slice(0, 100)} → ${reason} ${by}`, () => {
      const refusal = creationRefusalOf(message)
      assert.deepEqual([refusal.reason, refusal.by], [reason, by])
    })

  it('tells that a webhook’s certificate has expired', () => {
    const post =
      'failed to call webhook: Post "https://x": tls: failed to verify certificate: x509: certificate has expired or is not yet valid'
    assert.equal(
      creationRefusalOf(`Internal error occurred: failed calling webhook "a.b": ${post}`).isCertificateExpired,
      true,
    )
    assert.equal(creationRefusalOf('pods "x509: certificate has expired" is forbidden').isCertificateExpired, false)
  })
})

describe('what is missing', () => {
  const rows: [string, string | undefined][] = [
    ['configmap "settings" not found', 'ConfigMap settings '],
    ['secret "db" not found', 'Secret db '],
    ["couldn't find key password in Secret shop/db", 'Secret db password'],
    ["couldn't find key a.b in ConfigMap shop/settings", 'ConfigMap settings a.b'],
    ['MountVolume.SetUp failed for volume "cfg" : configmap "settings" not found', 'ConfigMap settings '],
    ['MountVolume.SetUp failed for volume "cfg" : references non-existent config key: app.yaml', 'ConfigMap  app.yaml'],
    ['MountVolume.SetUp failed for volume "cfg" : configmap references non-existent config key: a', 'ConfigMap  a'],
    ['MountVolume.SetUp failed for volume "s" : references non-existent secret key: key', 'Secret  key'],
    ['it is said that configmap "settings" not found', undefined],
    ['', undefined],
  ]
  for (const [message, expected] of rows)
    it(`${message} → ${expected}`, () => {
      const missing = missingOf(message)
      assert.equal(missing && `${missing.kind} ${missing.name} ${missing.key}`, expected)
    })
})

describe('other wordings', () => {
  it('name the probe by the kubelet’s first words alone', () => {
    assert.equal(probeOf('Liveness probe failed: HTTP probe failed with statuscode: 500'), 'liveness')
    assert.equal(probeOf('Readiness probe errored: rpc error'), 'readiness')
    assert.equal(probeOf('Startup probe failed: Readiness probe failed'), 'startup')
    assert.equal(probeOf('he said: Liveness probe failed'), undefined)
  })

  it('know a volume that hangs elsewhere', () => {
    assert.equal(isMultiAttach('Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) a'), true)
    assert.equal(isMultiAttach('AttachVolume.Attach failed: Multi-Attach error for volume "x"'), false)
  })

  it('know what a pod was evicted for', () => {
    const said = 'The node was low on resource: memory. Threshold quantity: 100Mi, available: 5Mi. '
    const used = 'Container app was using 900Mi, request is 0, has larger consumption of memory. '
    assert.equal(overRequestOf(said + used), 'memory')
    assert.equal(overRequestOf(said), undefined)
  })

  it('never fail, whatever is said, nor take long', () =>
    fc.assert(
      fc.property(fc.string({ maxLength: 5_000, unit: 'binary' }), fc.string(), (text, waiting) => {
        imageProblemOf(waiting, [text])
        imageProblemOf('ErrImagePull', [text])
        schedulingProblemsOf(`0/1 nodes are available: ${text}`)
        creationRefusalOf(text)
        missingOf(text)
        probeOf(text)
        overRequestOf(text)
      }),
    ))
})
