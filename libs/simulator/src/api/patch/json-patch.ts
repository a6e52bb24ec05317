import { applyPatch, Pointer, type Operation } from 'rfc6902'
import { ApiStatus, badRequest } from '../../objects/api-status.ts'
import { isJsonObject, textOf, type Json } from '../../objects/json.ts'

const OPERATIONS = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test'])
const MOST_OPERATIONS = 10_000

function assertOperations(patch: Json): asserts patch is Json[] {
  if (!Array.isArray(patch))
    throw badRequest('error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp')
  if (patch.length > MOST_OPERATIONS) {
    const say = `The allowed maximum operations in a JSON patch is ${MOST_OPERATIONS}, got ${patch.length}`
    throw new ApiStatus(413, 'RequestEntityTooLarge', `Request entity is too large: ${say}`)
  }
}

/** The server does not say which operation failed, nor why. */
function unprocessable(): ApiStatus {
  return new ApiStatus(422, 'Invalid', 'the server rejected our request due to an error in our request', {})
}

function toOperation(entry: Json): Operation {
  const isKnown = isJsonObject(entry) && OPERATIONS.has(textOf(entry['op'])) && typeof entry['path'] === 'string'
  if (!isKnown) throw unprocessable()
  return entry as unknown as Operation
}

/** The server's library puts a member that is not there where RFC 6902 would refuse to replace it. */
function lenient(document: Json, operation: Operation): Operation {
  if (operation.op !== 'replace') return operation
  const { parent, value } = Pointer.fromJSON(operation.path).evaluate(document) as { parent: unknown; value: unknown }
  return isJsonObject(parent) && value === undefined ? { ...operation, op: 'add' } : operation
}

/**
 * RFC 6902, all operations or none.
 *
 * @throws ApiStatus 400 for what is no list, 422 for an operation that does not fit the object, a failed `test` included
 */
export function applyJsonPatch(object: Json, patch: Json): Json {
  assertOperations(patch)
  const document = structuredClone(object)
  for (const operation of patch.map(toOperation)) {
    const [failure] = applyPatch(document, [lenient(document, operation)])
    if (failure !== null && failure !== undefined) throw unprocessable()
  }
  return document
}
