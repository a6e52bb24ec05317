import { auditId, hashOf, type AuditHead, type AuditRecord } from '@kubewise/contracts'

/** Is what stands in a link still what its hash was made of, and where it was made for? Says what is not. */
export function linkMistake({ _id, version, hash, ...body }: AuditRecord): string | undefined {
  if (_id !== auditId(body.writer, body.position)) return `it says that it is ${auditId(body.writer, body.position)}`
  if (hashOf(body) !== hash) return 'it is not what its hash was made of'
  return version === 1 ? undefined : `it was written ${version} times; a link is written once`
}

/** As {@link linkMistake}, of a head; its signature is another matter. */
export function headMistake({ _id, version, hash, signature: _signature, ...body }: AuditHead): string | undefined {
  if (_id !== auditId(body.writer, body.number)) return `it says that it is ${auditId(body.writer, body.number)}`
  if (hashOf(body) !== hash) return 'it is not what its hash was made of'
  return version === 1 ? undefined : `it was written ${version} times; a head is written once`
}
