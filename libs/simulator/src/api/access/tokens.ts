import { ApiStatus } from '../../objects/api-status.ts'
import { ADMIN, type User } from './user.ts'

/** Bearer tokens and whose they are; they live as long as the simulator. */
export interface Tokens {
  readonly admin: string
  issue(user: User): string
  /**
   * @param authorization the request's header; a request without it is the administrator's, as on the unsecured port that
   *   API servers used to have: kubectl sends no credentials over plain HTTP
   * @throws ApiStatus 401 for a token that was not issued here
   */
  authenticate(authorization: string | undefined): User
}

export function createTokens(random: () => number): Tokens {
  const owners = new Map<string, User>()
  const issue = (user: User) => {
    const token = Array.from({ length: 4 }, () => random().toString(36).slice(2)).join('')
    owners.set(token, user)
    return token
  }
  const admin = issue(ADMIN)
  return {
    admin,
    issue,
    authenticate(authorization) {
      if (authorization === undefined) return ADMIN
      const user = owners.get(authorization.replace(/^Bearer\s+/i, ''))
      if (user === undefined) throw new ApiStatus(401, 'Unauthorized', 'Unauthorized')
      return user
    },
  }
}
