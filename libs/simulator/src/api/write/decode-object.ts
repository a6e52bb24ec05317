import { apiVersionOf, type KubernetesObject } from '@kubewise/kube'
import { badRequest } from '../../objects/api-status.ts'
import { isJsonObject, type JsonObject } from '../../objects/json.ts'
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
  const { apiVersion = expected, kind = target.kind } = body
  if (!Object.hasOwn(SCHEMA.kinds, `${String(apiVersion)} ${String(kind)}`)) {
    const version = String(apiVersion).slice(String(apiVersion).indexOf('/') + 1)
    const what = `${String(kind)} in version ${JSON.stringify(version)} cannot be handled as a ${target.kind}`
    throw badRequest(
      `${what}: no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme "pkg/runtime/scheme.go:110"`,
    )
  }
  if (apiVersion !== expected) {
    throw badRequest(
      `the API version in the data (${String(apiVersion)}) does not match the expected API version (${expected})`,
    )
  }
  if (kind !== target.kind) {
    const from = `(${target.version}.${String(kind)})`
    throw badRequest(
      `${whatFor(target.kind, target.version).replace(target.kind, String(kind))}: converting ${from} to (${target.group || 'core'}.${target.kind}): unknown conversion`,
    )
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
  return object as KubernetesObject
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
