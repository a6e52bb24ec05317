import { apiVersionOf, type KubernetesObject } from '@kubewise/kube'
import { applyConfiguration, ApplyConflictError, type FieldConflict } from '../../fields/apply-configuration.ts'
import { difference } from '../../fields/field-set.ts'
import { fieldSetOfValue } from '../../fields/field-set-of-value.ts'
import { decodeManagers, encodeManagers, type Manager } from '../../fields/managers.ts'
import { DuplicateItemError } from '../../fields/merge.ts'
import { UNMANAGED } from '../../fields/track-update.ts'
import { ApiStatus, badRequest } from '../../objects/api-status.ts'
import { isJsonObject, textOf, type Json } from '../../objects/json.ts'
import { ignoredFields } from '../../objects/managed-fields.ts'
import { timestamp } from '../../objects/metadata.ts'
import { decode, DecodeError } from '../../schema/decode.ts'
import { typeOfKind, type RefType } from '../../schema/schema.ts'
import { shownAs, storedAs } from '../event-forms.ts'
import type { Answer, ApiContext, ApiRequest } from '../http/api-request.ts'
import type { WriteOptions } from '../http/write-options.ts'
import { createObject } from '../write/create-object.ts'
import { shaped } from '../write/decode-object.ts'
import { updateObject } from '../write/update-object.ts'
import { placed, writeContext } from './write.ts'

function printManager({ manager, operation, apiVersion, subresource }: Manager): string {
  const name = `${JSON.stringify(manager)}${subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`}`
  return operation === 'Apply' ? name : `${name} using ${apiVersion}`
}

function conflictMessage(conflicts: readonly FieldConflict[]): string {
  const [first] = conflicts
  if (conflicts.length === 1 && first !== undefined) {
    return `Apply failed with 1 conflict: conflict with ${printManager(first.manager)}: ${first.path}`
  }
  const byManager = Map.groupBy(conflicts, ({ manager }) => printManager(manager))
  const blocks = [...byManager].sort(([a], [b]) => (a < b ? -1 : 1))
  const lines = blocks.flatMap(([manager, found]) => [
    `conflicts with ${manager}:`,
    ...found.map(({ path }) => `- ${path}`),
  ])
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`
}

function applyConflict(conflicts: readonly FieldConflict[]): ApiStatus {
  const causes = conflicts.map(({ manager, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${printManager(manager)}`,
    field: path,
  }))
  return new ApiStatus(409, 'Conflict', conflictMessage(conflicts), { causes })
}

function typeText(apiVersion: Json = '', kind: Json = ''): string {
  const version = textOf(apiVersion)
  return `${version.includes('/') ? version : `/${version}`}, Kind=${textOf(kind)}`
}

/** The real server answers with a bare 500 where a configuration does not fit the schema. */
function untypedPatch({ metadata = {}, apiVersion, kind }: KubernetesObject, why: string): ApiStatus {
  const object = `${metadata.namespace ?? ''}/${metadata.name ?? ''}; ${typeText(apiVersion, kind)}`
  return new ApiStatus(500, undefined, `failed to create typed patch object (${object}): ${why}`)
}

function decodeConfiguration({ target, body, name }: ApiRequest): KubernetesObject {
  if (!isJsonObject(body)) throw badRequest('error decoding YAML: error unmarshaling JSON: expected an object')
  const { apiVersion, kind } = body
  const expected = apiVersionOf(target)
  if (apiVersion !== expected || kind !== target.kind)
    throw badRequest(`invalid object type: ${typeText(apiVersion, kind)}`)
  try {
    const { value, unknownFields } = decode(body, typeOfKind(expected, target.kind))
    const configuration = value as KubernetesObject
    const [unknown] = unknownFields
    if (unknown !== undefined) throw untypedPatch(configuration, `.${unknown}: field not declared in schema`)
    const { metadata = {} } = configuration
    if (metadata.managedFields !== undefined) throw badRequest('metadata.managedFields must be nil')
    if (metadata.name !== undefined && metadata.name !== name) {
      throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`)
    }
    return { ...configuration, metadata: { ...metadata, ...(name === undefined ? {} : { name }) } }
  } catch (error) {
    if (error instanceof DecodeError) throw untypedPatch(body, error.message)
    throw error
  }
}

/** Fields that were never tracked belong to one who came before the first who applied. */
function managersOf(live: KubernetesObject, type: RefType, nowMs: number): Manager[] {
  const known = decodeManagers(live.metadata?.managedFields)
  if (known.length > 0 || live.metadata?.uid === undefined) return known
  const fields = difference(fieldSetOfValue(live, type), UNMANAGED)
  const { apiVersion = '' } = live
  return [
    { manager: 'before-first-apply', operation: 'Update', apiVersion, subresource: '', time: timestamp(nowMs), fields },
  ]
}

function run(
  request: ApiRequest,
  live: KubernetesObject,
  configuration: KubernetesObject,
  options: WriteOptions,
  nowMs: number,
) {
  const { target, subresource } = request
  const apiVersion = apiVersionOf(target)
  const type = typeOfKind(apiVersion, target.kind)
  const { managedFields: _, ...metadata } = live.metadata ?? {}
  try {
    return applyConfiguration(managersOf(live, type, nowMs), {
      live: { ...live, metadata },
      configuration,
      type,
      identity: { manager: options.manager, operation: 'Apply', apiVersion, subresource: subresource ?? '' },
      ignored: ignoredFields(target, subresource),
      isForced: options.isForced,
      time: timestamp(nowMs),
    })
  } catch (error) {
    if (error instanceof ApplyConflictError) throw applyConflict(error.conflicts)
    if (error instanceof DuplicateItemError) throw untypedPatch(request.body as KubernetesObject, error.message)
    throw error
  }
}

/** Server-side apply: creates the object, or changes what the applier owns of it. */
export function apply(request: ApiRequest, context: ApiContext, options: WriteOptions): Answer {
  const { target, user, subresource, name = '' } = request
  const configuration = placed(request, decodeConfiguration(request))
  const stored = context.etcd.get(storedAs(target), target.isNamespaced ? request.namespace : undefined, name)
  const current = stored === undefined ? undefined : shownAs(target, stored)
  const { object, managers } = run(request, current ?? {}, configuration, options, context.clock.now())
  const next = shaped(target, decode(object, typeOfKind(apiVersionOf(target), target.kind)).value)
  const managedFields = encodeManagers(managers)
  const owned = { ...next, metadata: { ...next.metadata, ...(managedFields.length === 0 ? {} : { managedFields }) } }
  const { isDryRun } = options
  if (current === undefined) {
    return {
      status: 201,
      body: shownAs(target, createObject({ target, object: owned, user, isDryRun }, writeContext(context))),
    }
  }
  const updated = updateObject(
    { target, current, next: owned, user, isDryRun, ...(subresource === undefined ? {} : { subresource }) },
    writeContext(context),
  )
  return { status: 200, body: shownAs(target, updated) }
}
