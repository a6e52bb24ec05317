import { Type, type Static } from 'typebox'
import { decoderOf } from './decode.ts'
import { Entity } from './entity.ts'
import { hashOf } from './ids.ts'
import { Count, Ms, oneOf, optional, stored, strict, Text } from './schema.ts'

export const AUDIT_EVENTS = [
  'intent',
  'effect',
  'refused',
  'unknown',
  'undo-intent',
  'undo-effect',
  'verdict',
  'settled',
  'approved',
  'rejected',
  'configured',
  'killed',
  'resumed',
  'silenced',
  'feedback',
] as const

/**
 * One link of a writer's chain: `_id` is `<writer>/<position>`, `previous` the hash of the link before, so that deletion,
 * edit and reordering show. The record of an intent is durable before its effect.
 */
export const AuditRecord = strict({
  ...stored,
  writer: Text,
  position: Count,
  previous: Type.String(),
  hash: Text,
  atMs: Ms,
  event: oneOf(AUDIT_EVENTS),
  actor: Text,
  target: optional(Entity),
  plan: optional(Text),
  step: optional(Text),
  epoch: optional(Count),
  say: Text,
  detail: optional(Type.Record(Type.String(), Type.Unknown())),
})
export type AuditRecord = Static<typeof AuditRecord>
export const decodeAuditRecord = decoderOf(AuditRecord)

export type AuditEntry = Omit<AuditRecord, '_id' | 'version' | 'hash' | 'writer' | 'position' | 'previous'>

/** The next link of a chain. */
export function auditLink(
  writer: string,
  previous: { position: number; hash: string } | undefined,
  entry: AuditEntry,
): Omit<AuditRecord, 'version'> {
  const position = (previous?.position ?? -1) + 1
  const body = { writer, position, previous: previous?.hash ?? '', ...entry }
  return { _id: `${writer}/${String(position).padStart(12, '0')}`, ...body, hash: hashOf(body) }
}
