import type { AuditEntry } from '../../port.ts'
import type { ResourceRequest } from './request-info.ts'

const WRITES = new Set(['create', 'update', 'patch', 'delete', 'deletecollection'])
const LONGEST = 20_000

/** The writes that were tried, of late. */
export interface AuditLog {
  note(entry: AuditEntry): void
  entries(): readonly AuditEntry[]
}

/** Questions about access are asked by POST; they write nothing. */
export function isWrite({ verb, group, subresource }: ResourceRequest): boolean {
  return WRITES.has(verb) && group !== 'authorization.k8s.io' && subresource !== 'token'
}

export function createAuditLog(): AuditLog {
  let entries: AuditEntry[] = []
  return {
    note(entry) {
      entries.push(entry)
      if (entries.length > LONGEST * 2) entries = entries.slice(-LONGEST)
    },
    entries: () => entries,
  }
}
