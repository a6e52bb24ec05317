import type { Collection, Query } from '@kubewise/store'
import type { StoredDocument } from '@kubewise/contracts'
import { Type, type Static } from 'typebox'

const MAX_LIMIT = 500
const MAX_SKIP = 100_000

/** How lists are asked for: by cursor; `skip` is the original's way and walks pages. */
export const pageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_LIMIT })),
  cursor: Type.Optional(Type.String({ maxLength: 1024 })),
  skip: Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_SKIP })),
  namespace: Type.Optional(Type.String({ maxLength: 253 })),
}
const PageQuery = Type.Object(pageQuery)

/** Shows a document to people: `id` instead of the store's own names. */
export const shown = <T extends StoredDocument>({ _id, version: _version, ...rest }: T) => ({ id: _id, ...rest })

/** One page, newest first. */
export async function pageOf<T extends StoredDocument>(
  collection: Collection<T>,
  query: Static<typeof PageQuery>,
  orderBy: string,
  where: NonNullable<Query['where']> = {},
): Promise<{ items: T[]; cursor?: string }> {
  const limit = query.limit ?? 100
  const conditions = { ...where, ...(query.namespace !== undefined && { 'target.namespace': query.namespace }) }
  let cursor = query.cursor
  for (let left = query.skip ?? 0; left > 0;) {
    const step = Math.min(left, MAX_LIMIT)
    const page = await collection.find({
      where: conditions,
      orderBy,
      direction: 'desc',
      limit: step,
      ...(cursor !== undefined && { cursor }),
    })
    if (page.cursor === undefined) return { items: [] }
    cursor = page.cursor
    left -= step
  }
  return collection.find({
    where: conditions,
    orderBy,
    direction: 'desc',
    limit,
    ...(cursor !== undefined && { cursor }),
  })
}
