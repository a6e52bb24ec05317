import { createHash } from 'node:crypto'

/**
 * A short deterministic id: the first 16 bytes of the SHA-256 of the parts, base64url, 22 characters of `[A-Za-z0-9_-]`.
 * The same thing has the same id wherever and whenever it is handled, so a repeat is recognised by every stream and store.
 * Parts are joined by NUL, which no Kubernetes name can hold.
 */
export function idOf(...parts: (string | number)[]): string {
  return createHash('sha256').update(parts.join('\0')).digest().subarray(0, 16).toString('base64url')
}

/** SHA-256 in hex of a value's canonical JSON (keys sorted): what a person approves, and what a template is compared by. */
export function hashOf(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex')
}

/** JSON with sorted keys and without undefined members: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  )
}

/** FNV-1a, 32 bits, over UTF-8; the same hash as NATS' own `{{partition()}}` mapping. */
export function fnv1a32(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(text, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return hash
}
