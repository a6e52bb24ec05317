import type { Answer, ApiContext, ApiRequest, Handler } from '../http/api-request.ts'
import { reviewAccess, reviewRules } from './access-reviews.ts'
import { deleteCollection, deleteOne } from './delete.ts'
import { evict } from './evict.ts'
import { list } from './list.ts'
import { patch } from './patch.ts'
import { get, mustGet } from './read.ts'
import { getScale, patchScale, updateScale } from './scale.ts'
import { createToken } from './token.ts'
import { watch } from './watch.ts'
import { create, update } from './write.ts'

type Handlers = Readonly<Record<string, Handler>>

const OBJECTS: Handlers = {
  get,
  list,
  watch,
  create,
  update,
  patch,
  delete: deleteOne,
  deletecollection: deleteCollection,
}

/** Only that a pod's log can be asked for: simulated containers write none. */
function log(request: ApiRequest, context: ApiContext): Answer {
  mustGet(request, context)
  return { status: 200, body: {} }
}

const SUBRESOURCES: Readonly<Record<string, Handlers>> = {
  status: { get, update, patch },
  resize: { get, update, patch },
  finalize: { update },
  scale: { get: getScale, update: updateScale, patch: patchScale },
  eviction: { create: evict },
  token: { create: createToken },
  log: { get: log },
}

const REVIEWS: Readonly<Record<string, Handler>> = {
  SelfSubjectAccessReview: reviewAccess,
  SubjectAccessReview: reviewAccess,
  LocalSubjectAccessReview: reviewAccess,
  SelfSubjectRulesReview: reviewRules,
}

/** @returns undefined for a verb that the resource or subresource does not have */
export function handlerOf({ target, verb, name, subresource }: ApiRequest): Handler | undefined {
  if (subresource !== undefined) return SUBRESOURCES[subresource]?.[verb]
  if (!target.verbs.includes(verb) || (verb === 'create' && name !== undefined)) return undefined
  return REVIEWS[target.kind] ?? OBJECTS[verb]
}

/** The verbs of a subresource, as discovery tells them. */
export function verbsOf(subresource: string): string[] {
  return Object.keys(SUBRESOURCES[subresource] ?? {}).sort()
}
