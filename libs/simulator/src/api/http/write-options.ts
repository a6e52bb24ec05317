import { isJsonObject } from '../../objects/json.ts'
import type { DeletionOptions } from '../../objects/deletion.ts'
import { decode, DecodeError } from '../../schema/decode.ts'
import { typeOfKind } from '../../schema/schema.ts'
import { badRequest } from '../../objects/api-status.ts'
import { fieldErrors, invalidObject } from '../validation/field-errors.ts'
import type { ApiRequest } from './api-request.ts'

export interface WriteOptions {
  isDryRun: boolean
  manager: string
  /** What becomes of fields that the API does not know. */
  fieldValidation: 'Ignore' | 'Warn' | 'Strict'
  isForced: boolean
}

const META = { group: 'meta.k8s.io' }
const VALIDATIONS = ['Ignore', 'Warn', 'Strict'] as const

/** The first part of the User-Agent names the program. */
function managerOf(request: ApiRequest): string {
  const named = request.query.get('fieldManager') ?? ''
  return named === '' ? (request.userAgent.split('/')[0] ?? '') || 'unknown' : named
}

/**
 * @param kind of the options, for the words of a refusal: `CreateOptions`, …
 * @throws ApiStatus 422 for values that are not known
 */
export function writeOptions(request: ApiRequest, kind: string): WriteOptions {
  const errors = fieldErrors()
  const dryRun = request.query.getAll('dryRun').filter((value) => value !== '')
  if (dryRun.some((value) => value !== 'All')) errors.notSupported('dryRun', dryRun, ['All'])
  const wanted = request.query.get('fieldValidation') ?? ''
  const fieldValidation = wanted === '' ? 'Warn' : VALIDATIONS.find((name) => name === wanted)
  if (fieldValidation === undefined) errors.notSupported('fieldValidation', wanted, VALIDATIONS)
  const isApply = request.contentType === 'application/apply-patch+yaml'
  const manager = request.query.get('fieldManager') ?? ''
  if (isApply && manager === '') errors.required('fieldManager', 'is required for apply patch')
  if (manager.length > 128) errors.invalid('fieldManager', manager, 'may not be more than 128 bytes')
  const force = request.query.get('force')
  if (force !== null && kind === 'PatchOptions' && !isApply)
    errors.forbidden('force', 'may not be specified for non-apply patch')
  if (errors.causes.length > 0) throw invalidObject({ ...META, kind }, '', errors.causes)
  return {
    isDryRun: dryRun.length > 0,
    manager: managerOf(request),
    fieldValidation: fieldValidation ?? 'Warn',
    isForced: force === 'true' || force === '1',
  }
}

interface DeleteOptions {
  gracePeriodSeconds?: number
  propagationPolicy?: string
  orphanDependents?: boolean
  preconditions?: { uid?: string; resourceVersion?: string }
  dryRun?: string[]
}

function decodeDeleteOptions(body: unknown): DeleteOptions {
  if (!isJsonObject(body)) return {}
  try {
    return decode(body, typeOfKind('v1', 'DeleteOptions')).value as DeleteOptions
  } catch (error) {
    if (error instanceof DecodeError) throw badRequest(error.message)
    throw error
  }
}

const POLICIES = ['Foreground', 'Background', 'Orphan'] as const

/** From the body, else from the query. @throws ApiStatus 422 for values that are not known */
export function deletionOptions(request: ApiRequest, body: unknown = request.body): DeletionOptions {
  const options = decodeDeleteOptions(body)
  const errors = fieldErrors()
  const dryRun = options.dryRun ?? request.query.getAll('dryRun').filter((value) => value !== '')
  if (dryRun.some((value) => value !== 'All')) errors.notSupported('dryRun', dryRun, ['All'])
  const policy = options.propagationPolicy ?? request.query.get('propagationPolicy') ?? undefined
  const known = POLICIES.find((name) => name === policy)
  if (policy !== undefined && known === undefined) {
    errors.notSupported('propagationPolicy', policy, [...POLICIES, 'nil'])
  }
  if (errors.causes.length > 0) throw invalidObject({ ...META, kind: 'DeleteOptions' }, '', errors.causes)
  const grace = options.gracePeriodSeconds ?? numberIn(request.query.get('gracePeriodSeconds'))
  const propagationPolicy = known ?? (options.orphanDependents === true ? 'Orphan' : undefined)
  return {
    isDryRun: dryRun.length > 0,
    ...(grace === undefined ? {} : { gracePeriodSeconds: grace }),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(options.preconditions === undefined ? {} : { preconditions: options.preconditions }),
  }
}

function numberIn(text: string | null): number | undefined {
  const value = text === null || text === '' ? Number.NaN : Number(text)
  return Number.isInteger(value) ? value : undefined
}
