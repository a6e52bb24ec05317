import type { ObjectStore } from '../../port.ts'
import { RBAC, type PolicyRule, type RbacSubject, type Role, type RoleBinding } from './rbac-objects.ts'
import { MASTERS, type User } from './user.ts'

/** What somebody wants to do with a resource. */
export interface AccessAttributes {
  verb: string
  group: string
  resource: string
  subresource?: string
  namespace?: string
  name?: string
}

export interface Decision {
  isAllowed: boolean
  /** Which binding allowed it; empty where nothing speaks for it. */
  reason: string
}

export interface Authorizer {
  decide(user: User, attributes: AccessAttributes): Decision
  decidePath(user: User, verb: string, path: string): Decision
  /** All that the user may do in the namespace. */
  rulesOf(user: User, namespace: string): PolicyRule[]
}

interface Grant {
  binding: RoleBinding
  rules: readonly PolicyRule[]
  subject: RbacSubject
}

/** What every authenticated user may do in a new cluster: ask about itself, and look at what is served. */
const BASIC: PolicyRule[] = [
  {
    verbs: ['create'],
    apiGroups: ['authorization.k8s.io'],
    resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
  },
  { verbs: ['create'], apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'] },
]

const PUBLIC_PATHS: PolicyRule[] = [
  { verbs: ['get'], nonResourceURLs: ['/healthz', '/livez', '/readyz', '/version', '/version/'] },
  {
    verbs: ['get'],
    nonResourceURLs: [
      '/api',
      '/api/*',
      '/apis',
      '/apis/*',
      '/healthz',
      '/livez',
      '/openapi',
      '/openapi/*',
      '/readyz',
      '/version',
      '/version/',
    ],
  },
]

const ISSUER_PATHS: PolicyRule = {
  verbs: ['get'],
  nonResourceURLs: [
    '/.well-known/openid-configuration',
    '/.well-known/openid-configuration/',
    '/openid/v1/jwks',
    '/openid/v1/jwks/',
  ],
}

/** What the server grants by itself. */
function basicRules({ groups }: User): PolicyRule[] {
  return [
    ...(groups.includes('system:authenticated') ? [...BASIC, ...PUBLIC_PATHS] : []),
    ...(groups.includes('system:serviceaccounts') ? [ISSUER_PATHS] : []),
  ]
}

const BASIC_REASON =
  'RBAC: allowed by ClusterRoleBinding "system:basic-user" of ClusterRole "system:basic-user" to Group "system:authenticated"'

const DENIED: Decision = { isAllowed: false, reason: '' }

function includes(list: readonly string[] | undefined, ...values: string[]): boolean {
  return (list ?? []).some((entry) => entry === '*' || values.includes(entry))
}

function allows(rule: PolicyRule, attributes: AccessAttributes): boolean {
  const { resource, subresource } = attributes
  const full = subresource === undefined ? resource : `${resource}/${subresource}`
  const anyResource = subresource === undefined ? [] : [`*/${subresource}`]
  const names = rule.resourceNames ?? []
  return (
    includes(rule.verbs, attributes.verb) &&
    includes(rule.apiGroups, attributes.group) &&
    includes(rule.resources, full, ...anyResource) &&
    (names.length === 0 || (attributes.name !== undefined && names.includes(attributes.name)))
  )
}

function allowsPath(rule: PolicyRule, verb: string, path: string): boolean {
  const isListed = (rule.nonResourceURLs ?? []).some((entry) =>
    entry.endsWith('*') ? path.startsWith(entry.slice(0, -1)) : entry === path,
  )
  return includes(rule.verbs, verb) && isListed
}

function isSubject(subject: RbacSubject, user: User, namespace: string | undefined): boolean {
  if (subject.kind === 'User') return subject.name === '*' || subject.name === user.name
  if (subject.kind === 'Group') return user.groups.includes(subject.name)
  const home = subject.namespace ?? namespace ?? ''
  return user.name === `system:serviceaccount:${home}:${subject.name}`
}

function describe({ binding, subject }: Grant): string {
  const { namespace, name } = binding.metadata ?? {}
  const kind = namespace === undefined ? 'ClusterRoleBinding' : 'RoleBinding'
  const where = namespace === undefined ? `"${name}"` : `"${name}/${namespace}"`
  const who =
    subject.kind === 'ServiceAccount' ? `"${subject.name}/${subject.namespace ?? namespace}"` : `"${subject.name}"`
  return `RBAC: allowed by ${kind} ${where} of ${binding.roleRef.kind} "${binding.roleRef.name}" to ${subject.kind} ${who}`
}

/** Role-based access by the roles and bindings in the store. */
export function createAuthorizer(objects: ObjectStore): Authorizer {
  function rulesOfBinding(binding: RoleBinding): readonly PolicyRule[] {
    const { kind, name } = binding.roleRef
    const role =
      kind === 'ClusterRole'
        ? objects.get<Role>(RBAC.ClusterRole, undefined, name)
        : objects.get<Role>(RBAC.Role, binding.metadata?.namespace, name)
    return role?.rules ?? []
  }

  function grantsOf(user: User, namespace: string | undefined): Grant[] {
    const bindings = [
      ...objects.list<RoleBinding>(RBAC.ClusterRoleBinding),
      ...(namespace === undefined ? [] : objects.list<RoleBinding>(RBAC.RoleBinding, namespace)),
    ]
    return bindings.flatMap((binding) => {
      const subject = (binding.subjects ?? []).find((it) => isSubject(it, user, binding.metadata?.namespace))
      return subject === undefined ? [] : [{ binding, subject, rules: rulesOfBinding(binding) }]
    })
  }

  function decideBy(user: User, namespace: string | undefined, isAllowing: (rule: PolicyRule) => boolean): Decision {
    if (user.groups.includes(MASTERS)) return { isAllowed: true, reason: '' }
    const grant = grantsOf(user, namespace).find(({ rules }) => rules.some(isAllowing))
    if (grant !== undefined) return { isAllowed: true, reason: describe(grant) }
    return basicRules(user).some(isAllowing) ? { isAllowed: true, reason: BASIC_REASON } : DENIED
  }

  return {
    decide: (user, attributes) => decideBy(user, attributes.namespace, (rule) => allows(rule, attributes)),
    decidePath: (user, verb, path) => decideBy(user, undefined, (rule) => allowsPath(rule, verb, path)),
    rulesOf: (user, namespace) => [...grantsOf(user, namespace).flatMap(({ rules }) => rules), ...basicRules(user)],
  }
}
