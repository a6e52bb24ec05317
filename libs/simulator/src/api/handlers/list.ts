import { apiVersionOf, type KubernetesObject } from '@kubewise/kube'
import { ApiStatus, badRequest } from '../../objects/api-status.ts'
import { isJsonObject } from '../../objects/json.ts'
import { shownAs, storedAs } from '../event-forms.ts'
import type { Answer, ApiContext, ApiRequest } from '../http/api-request.ts'
import { selectionOf } from '../watch/selection.ts'

interface ContinueToken {
  resourceVersion: number
  /** The last key of the page before. */
  after: string
}

function keyOf({ metadata }: KubernetesObject): string {
  return `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`
}

/** As etcd keeps them: by namespace and name. */
export function inListOrder<T extends KubernetesObject>(objects: readonly T[]): T[] {
  const keyed = objects.map((object) => ({ key: keyOf(object), object }))
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ object }) => object)
}

function encodeToken({ resourceVersion, after }: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: resourceVersion, start: `${after}\0` })).toString(
    'base64url',
  )
}

function decodeToken(text: string): ContinueToken {
  try {
    const token: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    if (isJsonObject(token) && typeof token['rv'] === 'number' && typeof token['start'] === 'string') {
      return { resourceVersion: token['rv'], after: token['start'].replace(/\0$/, '') }
    }
  } catch {
    // Told below, like all that is no token.
  }
  throw badRequest('invalid continue token: continue key is not valid: illegal base64 data or unknown encoding')
}

function assertNotExpired({ resourceVersion }: ContinueToken, { history }: ApiContext): void {
  if (history.since(resourceVersion) !== undefined) return
  throw new ApiStatus(
    410,
    'Expired',
    'The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.',
  )
}

function pageOf(objects: readonly KubernetesObject[], token: ContinueToken | undefined, limit: number) {
  const rest = token === undefined ? objects : objects.filter((object) => keyOf(object) > token.after)
  const page = limit > 0 ? rest.slice(0, limit) : rest
  return { page, left: rest.length - page.length }
}

/** Items of a list do not say what they are. */
export function withoutType(object: KubernetesObject): KubernetesObject {
  const { apiVersion: _, kind: __, ...rest } = object
  return rest
}

/** A page of the objects that are asked for. */
export function list(request: ApiRequest, context: ApiContext): Answer {
  const { target, query } = request
  const selection = selectionOf(request)
  const limit = Number(query.get('limit') ?? 0) || 0
  const tokenText = query.get('continue') ?? ''
  const token = tokenText === '' ? undefined : decodeToken(tokenText)
  if (token !== undefined) assertNotExpired(token, context)
  const objects = inListOrder(context.etcd.list(storedAs(target)).filter(selection.isSelected))
  const { page, left } = pageOf(objects, token, limit)
  const resourceVersion = token?.resourceVersion ?? Number(context.etcd.resourceVersion())
  const last = page[page.length - 1]
  const metadata = {
    resourceVersion: String(resourceVersion),
    ...(left > 0 && last !== undefined ? { continue: encodeToken({ resourceVersion, after: keyOf(last) }) } : {}),
    ...(left > 0 && !selection.hasSelectors ? { remainingItemCount: left } : {}),
  }
  const items = page.map((object) => withoutType(shownAs(target, object)))
  return { status: 200, body: { kind: `${target.kind}List`, apiVersion: apiVersionOf(target), metadata, items } }
}
