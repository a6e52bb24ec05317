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

/**
 * A writer's signed word that its chain, up to this link, is as it wrote it. `_id` is `<writer>/<number>`; heads are a chain
 * themselves, `previous` being the hash of the head before. `signature` is Ed25519 over the hash, base64url; `key` names the
 * public key that it answers to.
 */
export const AuditHead = strict({
  ...stored,
  writer: Text,
  number: Count,
  /** Of the link that it seals. */
  position: Count,
  /** That link's hash. */
  link: Text,
  previous: Type.String(),
  atMs: Ms,
  key: Text,
  hash: Text,
  signature: Text,
})
export type AuditHead = Static<typeof AuditHead>
export const decodeAuditHead = decoderOf(AuditHead)

const DIGITS = 12
/** The place of a link or head among those of its writer: sorts as the numbers do. */
export const auditId = (writer: string, position: number) => `${writer}/${String(position).padStart(DIGITS, '0')}`

/** The next link of a chain. */
export function auditLink(
  writer: string,
  previous: { position: number; hash: string } | undefined,
  entry: AuditEntry,
): Omit<AuditRecord, 'version'> {
  const position = (previous?.position ?? -1) + 1
  const body = { writer, position, previous: previous?.hash ?? '', ...entry }
  return { _id: auditId(writer, position), ...body, hash: hashOf(body) }
}
