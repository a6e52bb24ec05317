import { ApiStatus, qualifiedName } from '../../objects/api-status.ts'
import type { Authorizer } from '../access/authorizer.ts'
import { userNamed, type User } from '../access/user.ts'
import type { ResourceRequest } from './request-info.ts'

function accessOf({ verb, group, resource, subresource, namespace, name }: ResourceRequest) {
  return {
    verb,
    group,
    resource,
    ...(subresource === undefined ? {} : { subresource }),
    ...(namespace === undefined || resource === 'namespaces' ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
  }
}

/** @throws ApiStatus 403 where no role allows the request */
export function assertAllowed(authorizer: Authorizer, user: User, request: ResourceRequest): void {
  const { isAllowed } = authorizer.decide(user, accessOf(request))
  if (isAllowed) return
  const { verb, group, resource, subresource, namespace, name } = request
  const subject = { group, plural: resource }
  const what = subresource === undefined ? resource : `${resource}/${subresource}`
  const isCluster = namespace === undefined || resource === 'namespaces'
  const place = isCluster ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`
  const who = `User ${JSON.stringify(user.name)} cannot ${verb} resource ${JSON.stringify(what)} in API group ${JSON.stringify(group)} ${place}`
  const named = name === undefined ? qualifiedName(subject) : `${qualifiedName(subject)} ${JSON.stringify(name)}`
  const details = { ...(name === undefined ? {} : { name }), ...(group === '' ? {} : { group }), kind: resource }
  throw new ApiStatus(403, 'Forbidden', `${named} is forbidden: ${who}`, details)
}

/** @throws ApiStatus 403 */
export function assertPathAllowed(authorizer: Authorizer, user: User, method: string, path: string): void {
  const verb = method.toLowerCase()
  if (authorizer.decidePath(user, verb, path).isAllowed) return
  throw new ApiStatus(
    403,
    'Forbidden',
    `forbidden: User ${JSON.stringify(user.name)} cannot ${verb} path ${JSON.stringify(path)}`,
    {},
  )
}

export interface Impersonation {
  user: string | undefined
  groups: readonly string[]
}

/** The user as whom the request is made: another one, where it asks for that and may. @throws ApiStatus 403 */
export function actingUser(authorizer: Authorizer, user: User, wanted: Impersonation): User {
  if (wanted.user === undefined) return user
  assertAllowed(authorizer, user, {
    verb: 'impersonate',
    group: '',
    version: 'v1',
    resource: 'users',
    name: wanted.user,
  })
  return userNamed(wanted.user, wanted.groups)
}
