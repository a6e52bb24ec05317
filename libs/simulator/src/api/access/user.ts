/** Who asks. */
export interface User {
  name: string
  groups: readonly string[]
}

export const MASTERS = 'system:masters'

/** May do everything, as the first user of a new cluster. */
export const ADMIN: User = { name: 'kubernetes-admin', groups: [MASTERS, 'system:authenticated'] }

const SERVICE_ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/

/** A user by name, with the groups that the server itself gives. */
export function userNamed(name: string, groups: readonly string[] = []): User {
  const namespace = SERVICE_ACCOUNT.exec(name)?.[1]
  const own = namespace === undefined ? [] : ['system:serviceaccounts', `system:serviceaccounts:${namespace}`]
  return { name, groups: [...new Set([...groups, ...own, 'system:authenticated'])] }
}

export function serviceAccountUser(namespace: string, name: string): User {
  return userNamed(`system:serviceaccount:${namespace}:${name}`)
}
