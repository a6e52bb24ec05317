import { creating, MERGE_PATCH, patching, reading, type ConformanceRequest } from '../request.ts'
import { configMap } from '../samples.ts'

const ROBOT = 'system:serviceaccount:{ns}:reader'
const RBAC = '/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}'
const REVIEWS = '/apis/authorization.k8s.io/v1'
const MAPS = '/api/v1/namespaces/{ns}/configmaps'

const asRobot = { as: ROBOT }
const group = 'rbac.authorization.k8s.io'

function review(attributes: object, spec: object = {}) {
  return {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: { namespace: '{ns}', ...attributes }, ...spec },
  }
}

export const ACCESS: readonly ConformanceRequest[] = [
  creating('a Role', `${RBAC}/roles`, {
    body: {
      apiVersion: `${group}/v1`,
      kind: 'Role',
      metadata: { name: 'reader' },
      rules: [
        { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'] },
        { apiGroups: ['apps'], resources: ['deployments/scale'], verbs: ['patch'], resourceNames: ['one'] },
      ],
    },
  }),
  creating('a RoleBinding', `${RBAC}/rolebindings`, {
    body: {
      apiVersion: `${group}/v1`,
      kind: 'RoleBinding',
      metadata: { name: 'reader' },
      roleRef: { apiGroup: group, kind: 'Role', name: 'reader' },
      subjects: [{ kind: 'ServiceAccount', name: 'reader', namespace: '{ns}' }],
    },
  }),
  reading('what the role allows', `${MAPS}?labelSelector=none`, {
    ...asRobot,
    after: { path: `${RBAC}/rolebindings/reader`, isTrue: (body) => body['kind'] === 'RoleBinding' },
  }),
  reading('what the role does not allow', '/api/v1/namespaces/{ns}/pods', asRobot),
  reading('an object that the role does not allow', '/apis/apps/v1/namespaces/{ns}/deployments/one', asRobot),
  reading('another namespace', '/api/v1/namespaces/default/configmaps', asRobot),
  reading('the whole cluster', '/api/v1/configmaps', asRobot),
  reading('a resource without namespace', '/api/v1/nodes/none', asRobot),
  creating('what the role does not allow', MAPS, { ...asRobot, body: configMap('forbidden') }),
  patching('a subresource that the role does not allow', '/apis/apps/v1/namespaces/{ns}/deployments/other/scale', {
    ...asRobot,
    contentType: MERGE_PATCH,
    body: { spec: { replicas: 1 } },
  }),
  patching('a subresource that the role allows by name', '/apis/apps/v1/namespaces/{ns}/deployments/one/scale', {
    ...asRobot,
    contentType: MERGE_PATCH,
    body: { spec: { replicas: 1 } },
  }),
  reading('the version, as everybody may', '/version', asRobot),
  reading('a path that nobody but administrators may read', '/metrics', asRobot),
  creating('a question about oneself: allowed', `${REVIEWS}/selfsubjectaccessreviews`, {
    ...asRobot,
    body: review({ verb: 'list', resource: 'configmaps' }),
  }),
  creating('a question about oneself: not allowed', `${REVIEWS}/selfsubjectaccessreviews`, {
    ...asRobot,
    body: review({ verb: 'delete', resource: 'configmaps' }),
  }),
  creating('a question about a subresource by name', `${REVIEWS}/selfsubjectaccessreviews`, {
    ...asRobot,
    body: review({ verb: 'patch', group: 'apps', resource: 'deployments', subresource: 'scale', name: 'one' }),
  }),
  creating('a question of the administrator', `${REVIEWS}/selfsubjectaccessreviews`, {
    body: review({ verb: 'delete', resource: 'nodes' }),
  }),
  creating('a question about nothing', `${REVIEWS}/selfsubjectaccessreviews`, {
    body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: {} },
  }),
  creating('a question about a path', `${REVIEWS}/selfsubjectaccessreviews`, {
    ...asRobot,
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { nonResourceAttributes: { path: '/metrics', verb: 'get' } },
    },
  }),
  creating('a question about another', `${REVIEWS}/subjectaccessreviews`, {
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { user: ROBOT, resourceAttributes: { namespace: '{ns}', verb: 'get', resource: 'configmaps' } },
    },
  }),
  creating('all the rules of the administrator', `${REVIEWS}/selfsubjectrulesreviews`, {
    body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace: '{ns}' } },
  }),
  creating('all one’s rules', `${REVIEWS}/selfsubjectrulesreviews`, {
    ...asRobot,
    body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace: '{ns}' } },
  }),
]
