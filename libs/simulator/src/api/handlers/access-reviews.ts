import { apiVersionOf, type KubernetesObject } from '@kubewise/kube'
import { withManagedFields } from '../../objects/managed-fields.ts'
import { userNamed, type User } from '../access/user.ts'
import type { Answer, ApiContext, ApiRequest } from '../http/api-request.ts'
import { writeOptions } from '../http/write-options.ts'
import { decodeObject } from '../write/decode-object.ts'
import { fieldErrors, invalidObject } from '../validation/field-errors.ts'

interface ReviewSpec {
  user?: string
  groups?: string[]
  namespace?: string
  resourceAttributes?: {
    verb?: string
    group?: string
    resource?: string
    subresource?: string
    namespace?: string
    name?: string
  }
  nonResourceAttributes?: { path?: string; verb?: string }
}

interface Review extends KubernetesObject {
  spec?: ReviewSpec
}

/** The question, noted as a write though nothing is stored. */
function read(request: ApiRequest, { clock }: ApiContext): Review {
  const { object } = decodeObject(request.target, request.body, 'Ignore')
  const { manager } = writeOptions(request, 'CreateOptions')
  return withManagedFields(request.target, undefined, object, { manager }, clock.now())
}

function decide(user: User, { resourceAttributes, nonResourceAttributes }: ReviewSpec, { authorizer }: ApiContext) {
  if (resourceAttributes === undefined) {
    return authorizer.decidePath(user, nonResourceAttributes?.verb ?? '', nonResourceAttributes?.path ?? '')
  }
  const { verb = '', group = '', resource = '', subresource = '', namespace = '', name = '' } = resourceAttributes
  return authorizer.decide(user, {
    verb,
    group,
    resource,
    ...(subresource === '' ? {} : { subresource }),
    ...(namespace === '' ? {} : { namespace }),
    ...(name === '' ? {} : { name }),
  })
}

function assertQuestion({ target }: ApiRequest, { spec = {} }: Review): void {
  const errors = fieldErrors()
  const { resourceAttributes, nonResourceAttributes, user = '', groups = [] } = spec
  if (resourceAttributes === undefined && nonResourceAttributes === undefined) {
    errors.invalid(
      'spec.resourceAttributes',
      null,
      'exactly one of nonResourceAttributes or resourceAttributes must be specified',
    )
  }
  if (resourceAttributes !== undefined && nonResourceAttributes !== undefined) {
    errors.invalid(
      'spec.nonResourceAttributes',
      nonResourceAttributes,
      'cannot be specified in combination with resourceAttributes',
    )
  }
  if (target.kind !== 'SelfSubjectAccessReview' && user === '' && groups.length === 0) {
    errors.invalid('spec.user', user, 'at least one of user or group must be specified')
  }
  if (errors.causes.length > 0) throw invalidObject({ group: target.group, kind: '' }, '', errors.causes)
}

/** May this user do that: of the asker, or of anybody. */
export function reviewAccess(request: ApiRequest, context: ApiContext): Answer {
  const review = read(request, context)
  assertQuestion(request, review)
  const { spec = {} } = review
  const isSelf = request.target.kind === 'SelfSubjectAccessReview'
  const user = isSelf ? request.user : userNamed(spec.user ?? '', spec.groups)
  const { isAllowed, reason } = decide(user, spec, context)
  const status = { allowed: isAllowed, ...(reason === '' ? {} : { reason }) }
  return { status: 201, body: { ...review, status } }
}

/** All that the asker may do in a namespace. */
export function reviewRules(request: ApiRequest, { authorizer }: ApiContext): Answer {
  const { spec = {} }: Review = decodeObject(request.target, request.body, 'Ignore').object
  const rules = authorizer.rulesOf(request.user, spec.namespace ?? '')
  const resourceRules = rules.filter((rule) => rule.resources !== undefined)
  const nonResourceRules = rules
    .filter((rule) => rule.nonResourceURLs !== undefined)
    .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs }))
  const status = { resourceRules, nonResourceRules, incomplete: false }
  const { kind } = request.target
  return { status: 201, body: { kind, apiVersion: apiVersionOf(request.target), metadata: {}, spec: {}, status } }
}
