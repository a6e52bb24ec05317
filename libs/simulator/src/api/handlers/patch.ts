import { apiVersionOf, type KubernetesObject } from '@kubewise/kube'
import { ApiStatus, badRequest, notFound } from '../../objects/api-status.ts'
import { isJsonObject, type Json, type JsonObject } from '../../objects/json.ts'
import { decode, DecodeError } from '../../schema/decode.ts'
import { typeOfKind } from '../../schema/schema.ts'
import { shownAs, storedAs } from '../event-forms.ts'
import type { Answer, ApiContext, ApiRequest } from '../http/api-request.ts'
import { writeOptions, type WriteOptions } from '../http/write-options.ts'
import { goText } from '../patch/go-text.ts'
import { applyJsonPatch } from '../patch/json-patch.ts'
import { applyMergePatch } from '../patch/merge-patch.ts'
import { applyStrategicMerge } from '../patch/strategic-merge.ts'
import { fieldErrors, invalidObject } from '../validation/field-errors.ts'
import { shaped } from '../write/decode-object.ts'
import { updateObject } from '../write/update-object.ts'
import { apply } from './apply.ts'
import { writeContext } from './write.ts'

type PatchFunction = (object: JsonObject, patch: Json, request: Pick<ApiRequest, 'target'>) => Json

function assertObject(patch: Json): JsonObject {
  if (isJsonObject(patch)) return patch
  throw badRequest(
    `error decoding patch: json: cannot unmarshal ${Array.isArray(patch) ? 'array' : typeof patch} into Go value of type map[string]interface {}`,
  )
}

const STRATEGIC = 'application/strategic-merge-patch+json'

const BY_CONTENT_TYPE: Record<string, PatchFunction> = {
  'application/json-patch+json': (object, patch) => applyJsonPatch(object, patch),
  'application/merge-patch+json': (object, patch) => applyMergePatch(object, assertObject(patch)),
  [STRATEGIC]: (object, patch, { target }) =>
    applyStrategicMerge(object, assertObject(patch), typeOfKind(apiVersionOf(target), target.kind)),
}

export const APPLY = 'application/apply-patch+yaml'

export function unsupportedPatch(): ApiStatus {
  return new ApiStatus(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {})
}

/** The refusal of a patch whose outcome is no object of the kind. */
function invalidPatch(quoted: string, why: string): ApiStatus {
  const errors = fieldErrors()
  errors.invalid('patch', quoted, why)
  return invalidObject({ group: '', kind: '' }, '', errors.causes)
}

/**
 * What an object becomes by the request's patch.
 *
 * @param type the kind that is patched: the resource's own, or that of a subresource such as Scale
 * @throws ApiStatus 415, 400, or 422 where the patch does not fit
 */
export function patched(
  object: KubernetesObject,
  request: Pick<ApiRequest, 'contentType' | 'body' | 'target'>,
  options: WriteOptions,
): { value: unknown; warnings: string[] } {
  const run = BY_CONTENT_TYPE[request.contentType]
  if (run === undefined) throw unsupportedPatch()
  const { target, body } = request
  const result = run(object as JsonObject, (body ?? null) as Json, request)
  // The server quotes the outcome, or for a strategic patch, which it never turns into text, the patch as Go prints it.
  const isStrategic = request.contentType === STRATEGIC
  const quoted = isStrategic ? goText((body ?? null) as Json) : JSON.stringify(result)
  try {
    const { value, unknownFields } = decode(result, typeOfKind(apiVersionOf(target), target.kind))
    const findings = unknownFields.map((field) => `unknown field ${JSON.stringify(field)}`)
    if (options.fieldValidation === 'Strict' && findings.length > 0) {
      throw invalidPatch(quoted, `strict decoding error: ${findings.join(', ')}`)
    }
    return { value, warnings: options.fieldValidation === 'Ignore' ? [] : findings }
  } catch (error) {
    if (error instanceof DecodeError)
      throw invalidPatch(quoted, isStrategic ? (error.shortMessage ?? error.message) : error.message)
    throw error
  }
}

function assertNamed(request: ApiRequest, next: KubernetesObject): void {
  const { name } = next.metadata ?? {}
  if (name !== request.name)
    throw badRequest(`the name of the object (${name ?? ''}) does not match the name on the URL (${request.name})`)
}

/** PATCH, on an object or on its status, in all four forms. */
export function patch(request: ApiRequest, context: ApiContext): Answer {
  const { target, user, subresource, name = '' } = request
  if (request.contentType !== APPLY && BY_CONTENT_TYPE[request.contentType] === undefined) throw unsupportedPatch()
  const options = writeOptions(request, 'PatchOptions')
  if (request.contentType === APPLY) return apply(request, context, options)
  const stored = context.etcd.get(storedAs(target), target.isNamespaced ? request.namespace : undefined, name)
  if (stored === undefined) throw notFound(target, name)
  const current = shownAs(target, stored)
  const { value, warnings } = patched(current, request, options)
  const next = shaped(target, value)
  assertNamed(request, next)
  const updated = updateObject(
    {
      target,
      current,
      next,
      user,
      writer: { manager: options.manager, subresource: subresource ?? '' },
      isDryRun: options.isDryRun,
      ...(subresource === undefined ? {} : { subresource }),
    },
    writeContext(context),
  )
  return { status: 200, body: shownAs(target, updated), warnings }
}
