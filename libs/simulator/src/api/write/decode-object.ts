import { apiVersionOf, type KubernetesObject } from '@kubewise/kube'
import { badRequest } from '../../objects/api-status.ts'
import { isJsonObject, textOf, type JsonObject } from '../../objects/json.ts'
import { complete } from '../../schema/complete.ts'
import { decode, DecodeError, type Decoded } from '../../schema/decode.ts'
import { SCHEMA, typeOfKind } from '../../schema/schema.ts'
import { fillDefaults } from '../defaults/fill-defaults.ts'
import type { ApiResource } from '../resources.ts'

export interface DecodedObject {
  object: KubernetesObject
  warnings: string[]
}

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict'

function whatFor(kind: string, version: string): string {
  return `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}`
}

function assertType(target: ApiResource, body: JsonObject): void {
  const expected = apiVersionOf(target)
  const apiVersion = textOf(body['apiVersion'] ?? expected)
  const kind = textOf(body['kind'] ?? target.kind)
  if (!Object.hasOwn(SCHEMA.kinds, `${apiVersion} ${kind}`)) {
    const version = JSON.stringify(apiVersion.slice(apiVersion.indexOf('/') + 1))
    const why = `no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/runtime/scheme.go:110"`
    throw badRequest(`${kind} in version ${version} cannot be handled as a ${target.kind}: ${why}`)
  }
  if (apiVersion !== expected) {
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${expected})`,
    )
  }
  if (kind !== target.kind) {
    const what = `${kind} in version ${JSON.stringify(target.version)} cannot be handled as a ${target.kind}`
    const group = target.group === '' ? 'core' : target.group
    throw badRequest(`${what}: converting (${target.version}.${kind}) to (${group}.${target.kind}): unknown conversion`)
  }
}

/** What the client is told of fields that are not known; @throws ApiStatus 400 where it wants to be refused for them */
export function unknownFieldWarnings(fields: readonly string[], validation: FieldValidation, what: string): string[] {
  if (fields.length === 0 || validation === 'Ignore') return []
  const findings = fields.map((field) => `unknown field ${JSON.stringify(field)}`)
  if (validation === 'Strict') throw badRequest(`${what}: strict decoding error: ${findings.join(', ')}`)
  return findings
}

/** A decoded value in its complete shape, with the server's defaults. */
export function shaped(target: ApiResource, value: unknown): KubernetesObject {
  const object = { ...(value as JsonObject), apiVersion: apiVersionOf(target), kind: target.kind }
  complete(object, typeOfKind(apiVersionOf(target), target.kind))
  fillDefaults(target, object)
  return object
}

/**
 * Reads the object a client sent.
 *
 * @throws ApiStatus 400 where it is of another type or does not fit its type
 */
export function decodeObject(target: ApiResource, body: unknown, validation: FieldValidation): DecodedObject {
  if (!isJsonObject(body)) {
    throw badRequest("Object 'Kind' is missing in '" + JSON.stringify(body ?? null) + "'")
  }
  assertType(target, body)
  const what = whatFor(target.kind, target.version)
  const decoded = decodeOr400(target, body, what)
  const warnings = unknownFieldWarnings(decoded.unknownFields, validation, what)
  return { object: shaped(target, decoded.value), warnings }
}

function decodeOr400(target: ApiResource, body: JsonObject, what: string): Decoded {
  try {
    return decode(body, typeOfKind(apiVersionOf(target), target.kind))
  } catch (error) {
    if (error instanceof DecodeError) throw badRequest(`${what}: ${error.message}`)
    throw error
  }
}
