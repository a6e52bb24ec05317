import assert from 'node:assert/strict'
import { systemClock } from '@kubewise/service'
import { createObjectStore } from '../../objects/object-store.ts'
import { createAuthorizer } from './authorizer.ts'
import { RBAC, type PolicyRule, type RbacSubject, type Role, type RoleBinding } from './rbac-objects.ts'
import { ADMIN, serviceAccountUser, userNamed } from './user.ts'

const ROBOT: RbacSubject = { kind: 'ServiceAccount', name: 'robot', namespace: 'shop' }
const robot = serviceAccountUser('shop', 'robot')

function clusterWith(rule: PolicyRule, subject: RbacSubject = ROBOT, isClusterWide = false) {
  const store = createObjectStore({ clock: systemClock })
  const role: Role = { metadata: { name: 'r' }, rules: [rule] }
  store.create(RBAC.ClusterRole, role, 'test')
  const roleRef = { kind: 'ClusterRole', name: 'r' }
  const binding: RoleBinding = {
    metadata: { name: 'b', ...(isClusterWide ? {} : { namespace: 'shop' }) },
    roleRef,
    subjects: [subject],
  }
  store.create(isClusterWide ? RBAC.ClusterRoleBinding : RBAC.RoleBinding, binding, 'test')
  return createAuthorizer(store)
}

const patchDeployments: PolicyRule = { verbs: ['patch'], apiGroups: ['apps'], resources: ['deployments'] }
const patch = { verb: 'patch', group: 'apps', resource: 'deployments', namespace: 'shop', name: 'web' }

describe('access by roles', () => {
  it('allows what a rule says, in the namespace of the binding alone, and says by which', () => {
    const authorizer = clusterWith(patchDeployments)
    assert.deepEqual(authorizer.decide(robot, patch), {
      isAllowed: true,
      reason: 'RBAC: allowed by RoleBinding "b/shop" of ClusterRole "r" to ServiceAccount "robot/shop"',
    })
    assert.equal(authorizer.decide(robot, { ...patch, namespace: 'other' }).isAllowed, false)
    assert.equal(authorizer.decide(serviceAccountUser('other', 'robot'), patch).isAllowed, false)
  })

  for (const [say, change] of [
    ['another verb', { verb: 'delete' }],
    ['another group', { group: 'batch' }],
    ['another resource', { resource: 'daemonsets' }],
    ['a subresource that it does not name', { subresource: 'scale' }],
  ] as const) {
    it(`does not allow ${say}`, () => {
      assert.equal(clusterWith(patchDeployments).decide(robot, { ...patch, ...change }).isAllowed, false)
    })
  }

  it('takes subresources, stars and names of objects into account', () => {
    const scale = clusterWith({ verbs: ['*'], apiGroups: ['*'], resources: ['*/scale'], resourceNames: ['web'] })
    assert.ok(scale.decide(robot, { ...patch, subresource: 'scale' }).isAllowed)
    assert.ok(!scale.decide(robot, { ...patch, subresource: 'scale', name: 'api' }).isAllowed)
    assert.ok(!scale.decide(robot, patch).isAllowed)
  })

  it('knows users and groups, cluster-wide', () => {
    const byGroup = clusterWith(patchDeployments, { kind: 'Group', name: 'ops' }, true)
    assert.ok(byGroup.decide(userNamed('ann', ['ops']), { ...patch, namespace: 'anywhere' }).isAllowed)
    assert.ok(!byGroup.decide(userNamed('ann'), patch).isAllowed)
    assert.ok(
      clusterWith(patchDeployments, { kind: 'User', name: 'bob' }, true).decide(userNamed('bob'), patch).isAllowed,
    )
  })

  it('lets administrators do everything, and everybody ask about themselves', () => {
    const authorizer = createAuthorizer(createObjectStore({ clock: systemClock }))
    assert.ok(authorizer.decide(ADMIN, patch).isAllowed)
    assert.ok(!authorizer.decide(robot, patch).isAllowed)
    const review = { verb: 'create', group: 'authorization.k8s.io', resource: 'selfsubjectaccessreviews' }
    assert.ok(authorizer.decide(robot, review).isAllowed)
    assert.ok(authorizer.decidePath(robot, 'get', '/version').isAllowed)
    assert.ok(!authorizer.decidePath(robot, 'get', '/metrics').isAllowed)
  })
})
