import assert from 'node:assert/strict'
import { KubeError, type KubeErrorKind } from '@kubewise/kube'
import { shortly } from '../fixture/evaluation.ts'
import { answerOf } from './answer.ts'

describe('an answer of the API server to a dry run', () => {
  // In the words of Kubernetes 1.34.
  const rows: [KubeErrorKind, string, string][] = [
    [
      'forbidden',
      'pods "web-x" is forbidden: exceeded quota: team, requested: pods=1, used: pods=3, limited: pods=3',
      'refused quota-exceeded',
    ],
    [
      'forbidden',
      'pods "web-x" is forbidden: failed quota: team: must specify limits.cpu for: app',
      'refused quota-exceeded',
    ],
    [
      'forbidden',
      'pods "web-x" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false',
      'refused pod-security',
    ],
    [
      'unavailable',
      'Internal error occurred: failed calling webhook "a.b.c": failed to call webhook: Post "https://a.b.svc:443/?timeout=10s": no endpoints available for service "a"',
      'refused webhook-down',
    ],
    ['forbidden', 'admission webhook "a.b.c" denied the request: no', 'refused admission-denied'],
    [
      'invalid',
      "deployments.apps \"web\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no",
      'refused admission-denied',
    ],
    [
      'forbidden',
      'pods "web-x" is forbidden: maximum memory usage per Container is 1Gi, but limit is 2Gi',
      'refused limit-range',
    ],
    ['too-many-requests', "Cannot evict pod as it would violate the pod's disruption budget.", 'refused pdb-exhausted'],
    [
      'unavailable',
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
      'refused pdb-several',
    ],
    ['invalid', 'Deployment.apps "web" is invalid: spec.replicas: Invalid value: -1', 'refused preflight-refused'],
    [
      'forbidden',
      'pods "x" is forbidden: error looking up service account shop/web: serviceaccount "web" not found',
      'refused preflight-refused',
    ],
    [
      'forbidden',
      'deployments.apps "web" is forbidden: User "u" cannot patch resource "deployments" in API group "apps" in the namespace "shop"',
      'unknown',
    ],
    [
      'forbidden',
      'pods "web-x" is forbidden: User "u" cannot create resource "pods/eviction" in API group "" in the namespace "shop"',
      'unknown',
    ],
    ['forbidden', 'pods "x" is forbidden: status unknown for quota: team, resources: pods', 'unknown'],
    ['invalid', 'admission webhook "a.b.c" does not support dry run', 'unknown'],
    ['too-many-requests', 'too many requests, please try again later', 'unknown'],
    ['unavailable', 'etcdserver: leader changed', 'unknown'],
    ['unreachable', 'connection refused', 'unknown'],
    ['timeout', 'no answer', 'unknown'],
  ]
  for (const [kind, message, expected] of rows)
    it(`${kind}, ${message.slice(0, 70)}: ${expected}`, () =>
      assert.equal(shortly(answerOf(new KubeError({ kind, message }))), expected))

  it('is quoted in short, and what is no answer says nothing', () => {
    const long = new KubeError({ kind: 'invalid', message: 'x'.repeat(5000) })
    assert.ok(answerOf(long).say.length < 400)
    assert.equal(shortly(answerOf(new TypeError('x is not a function'))), 'unknown')
  })
})
