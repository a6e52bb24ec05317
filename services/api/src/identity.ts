import { createHash, timingSafeEqual } from 'node:crypto'
import type { Request } from 'express'
import { Problem } from './problem.ts'

/** Each may do what those before it may. */
export const ROLES = ['viewer', 'operator', 'approver', 'admin'] as const
export type Role = (typeof ROLES)[number]

export interface Identity {
  name: string
  role: Role
}

interface Token extends Identity {
  digest: Buffer
}

const digestOf = (text: string) => createHash('sha256').update(text).digest()
const MIN_TOKEN_LENGTH = 16

/**
 * Reads a token file: a line for each, `<role> <name> <token>`; empty lines and those that begin with # are left out. Tokens
 * are kept as digests only.
 *
 * @throws RangeError with every mistake, none of which shows a token
 */
export function readTokens(text: string): Token[] {
  const mistakes: string[] = []
  const tokens = text.split('\n').flatMap((line, i) => {
    if (line.trim() === '' || line.startsWith('#')) return []
    const [role, name, token, ...rest] = line.trim().split(/\s+/)
    if (!ROLES.includes(role as Role)) mistakes.push(`line ${i + 1}: expected a role of ${ROLES.join(', ')} first`)
    else if (!name || !token || rest.length > 0) mistakes.push(`line ${i + 1}: expected role, name and token`)
    else if (token.length < MIN_TOKEN_LENGTH)
      mistakes.push(`line ${i + 1}: expected a token of at least ${MIN_TOKEN_LENGTH} characters`)
    else return [{ role: role as Role, name, digest: digestOf(token) }]
    return []
  })
  if (mistakes.length > 0) throw new RangeError(`token file: ${mistakes.join('; ')}`)
  return tokens
}

/** Who asks. Reading needs no token; changing anything does. */
export type Authenticate = (request: Request) => Identity | undefined

export function authenticator(tokens: readonly Token[]): Authenticate {
  return (request) => {
    const token = /^Bearer (\S{1,512})$/.exec(request.headers.authorization ?? '')?.[1]
    if (!token) return undefined
    const digest = digestOf(token)
    let found: Identity | undefined
    // All are compared, so that the time taken says nothing of which matched.
    for (const candidate of tokens) if (timingSafeEqual(candidate.digest, digest)) found = candidate
    return found
  }
}

/** @throws Problem 401 or 403 */
export function demand(identity: Identity | undefined, role: Role): Identity {
  if (!identity)
    throw new Problem(401, 'unauthenticated', 'This changes something: a token is needed (Authorization: Bearer …).')
  if (ROLES.indexOf(identity.role) < ROLES.indexOf(role))
    throw new Problem(403, 'forbidden', `This needs the role ${role}; ${identity.name} is ${identity.role}.`)
  return identity
}
