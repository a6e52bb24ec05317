import type { KubernetesObject } from '@kubewise/kube'
import { badRequest, notFound } from '../../objects/api-status.ts'
import { shownAs, storedAs } from '../event-forms.ts'
import type { Answer, ApiContext, ApiRequest } from '../http/api-request.ts'
import { writeOptions } from '../http/write-options.ts'
import { createObject, type WriteContext } from '../write/create-object.ts'
import { decodeObject } from '../write/decode-object.ts'
import { updateObject } from '../write/update-object.ts'

export function writeContext({ etcd, random, clock }: ApiContext): WriteContext {
  return { etcd, random, nowMs: clock.now() }
}

/** The object's namespace is the request's, said or not. @throws ApiStatus 400 where it says another */
export function placed(request: ApiRequest, object: KubernetesObject): KubernetesObject {
  if (!request.target.isNamespaced) {
    const { namespace: _, ...metadata } = object.metadata ?? {}
    return { ...object, metadata }
  }
  const own = object.metadata?.namespace ?? ''
  const { namespace = '' } = request
  if (own !== '' && own !== namespace) {
    throw badRequest(`the namespace of the provided object does not match the namespace sent on the request`)
  }
  if (namespace === '') throw badRequest('an empty namespace may not be set during creation')
  return { ...object, metadata: { ...object.metadata, namespace } }
}

export function create(request: ApiRequest, context: ApiContext): Answer {
  const { target, user } = request
  const options = writeOptions(request, 'CreateOptions')
  const { object, warnings } = decodeObject(target, request.body, options.fieldValidation)
  const created = createObject(
    { target, object: placed(request, object), user, writer: { manager: options.manager }, isDryRun: options.isDryRun },
    writeContext(context),
  )
  return { status: 201, body: shownAs(target, created), warnings }
}

function assertName(request: ApiRequest, object: KubernetesObject): void {
  const { name } = object.metadata ?? {}
  if (name === undefined || name === '') throw badRequest('name must be provided')
  if (name !== request.name) {
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${request.name})`)
  }
}

/** PUT, on an object or on its status. */
export function update(request: ApiRequest, context: ApiContext): Answer {
  const { target, user, subresource, name = '' } = request
  const options = writeOptions(request, 'UpdateOptions')
  const { object, warnings } = decodeObject(target, request.body, options.fieldValidation)
  assertName(request, object)
  const next = placed(request, object)
  const stored = context.etcd.get(storedAs(target), target.isNamespaced ? request.namespace : undefined, name)
  const writer = { manager: options.manager, subresource: subresource ?? '' }
  const { isDryRun } = options
  if (stored === undefined) {
    if (!target.isCreatedByUpdate || subresource !== undefined) throw notFound(target, name)
    const created = createObject({ target, object: next, user, writer, isDryRun }, writeContext(context))
    return { status: 201, body: shownAs(target, created), warnings }
  }
  const updated = updateObject(
    {
      target,
      current: shownAs(target, stored),
      next,
      user,
      writer,
      isDryRun,
      isWhole: true,
      ...(subresource === undefined ? {} : { subresource }),
    },
    writeContext(context),
  )
  return { status: 200, body: shownAs(target, updated), warnings }
}
