import { applyPatch, type Operation } from 'rfc6902'
import { ApiStatus, badRequest } from '../../objects/api-status.ts'
import { isJsonObject, type Json } from '../../objects/json.ts'

const OPERATIONS = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test'])
const MOST_OPERATIONS = 10_000

function assertOperations(patch: Json): asserts patch is Json[] {
  if (!Array.isArray(patch))
    throw badRequest('error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch')
  if (patch.length > MOST_OPERATIONS) {
    const say = `The allowed maximum operations in a JSON patch is ${MOST_OPERATIONS}, got ${patch.length}`
    throw new ApiStatus(413, 'RequestEntityTooLarge', `Request entity is too large: ${say}`)
  }
}

function unprocessable(why: string): ApiStatus {
  return new ApiStatus(422, 'Invalid', 'the server rejected our request due to an error in our request', {
    causes: [{ reason: 'UnexpectedServerResponse', message: why }],
  })
}

function toOperation(entry: Json): Operation {
  const isKnown = isJsonObject(entry) && OPERATIONS.has(String(entry['op'])) && typeof entry['path'] === 'string'
  if (!isKnown)
    throw unprocessable(`Unexpected kind: ${isJsonObject(entry) ? String(entry['op'] ?? 'unknown') : 'unknown'}`)
  return entry as unknown as Operation
}

/**
 * RFC 6902, all operations or none.
 *
 * @throws ApiStatus 400 for what is no list, 422 for an operation that does not fit the object, a failed `test` included
 */
export function applyJsonPatch(object: Json, patch: Json): Json {
  assertOperations(patch)
  const document = { root: structuredClone(object) }
  const operations = patch
    .map(toOperation)
    .map((operation) => ({ ...operation, path: `/root${operation.path}` }) as Operation)
  for (const operation of operations) if ('from' in operation) operation.from = `/root${operation.from}`
  operations.forEach((operation) => {
    const [failure] = applyPatch(document, [operation])
    if (failure !== null && failure !== undefined) throw unprocessable(describe(operation, failure.message))
  })
  return document.root
}

function describe(operation: Operation, message: string): string {
  const path = operation.path.slice('/root'.length)
  if (operation.op === 'test') return `testing path ${path}: test failed`
  return `${operation.op} operation does not apply: doc is missing path: ${JSON.stringify(path)}: ${message}`
}
