import type { StoredDocument } from '@kubewise/contracts'
import type { Collection } from '@kubewise/store'

/** A document by its place, or why it cannot be read. */
export type Placed<T> = { id: string; writer: string; number: number } & ({ value: T } | { unreadable: string })

/** What is looked at next, without taking it. */
export interface Ordered<T> {
  peek(): Promise<Placed<T> | undefined>
  take(): void
}

const PAGE = 500
const ID = /^([a-z][a-z0-9-]*)\/(\d{12})$/

/**
 * A whole collection in the order of its ids, a page in memory at a time: `<writer>/<number>`.
 *
 * @param onStray told of what has no such place
 */
export function inOrder<T extends StoredDocument>(
  collection: Collection<T>,
  onStray: (id: string, say: string) => void,
): Ordered<T> {
  let page: Placed<T>[] = []
  let next = 0
  let cursor: string | undefined
  let isOver = false

  function place(id: string, found: { value: T } | { unreadable: string }): Placed<T>[] {
    const [, writer, digits] = ID.exec(id) ?? []
    if (writer !== undefined && digits !== undefined) return [{ id, writer, number: Number(digits), ...found }]
    onStray(
      id,
      'unreadable' in found ? found.unreadable : 'it is in no chain: expected an id such as executor/000000000007',
    )
    return []
  }

  async function turn(): Promise<void> {
    const found = await collection.find({ orderBy: '_id', limit: PAGE, ...(cursor !== undefined && { cursor }) })
    page = [
      ...found.items.flatMap((value) => place(value._id, { value })),
      ...(found.unreadable ?? []).flatMap(({ id, errors }) => place(id, { unreadable: errors.join('; ') })),
    ].sort((a, b) => (a.id < b.id ? -1 : 1))
    next = 0
    cursor = found.cursor
    isOver = cursor === undefined
  }

  return {
    async peek() {
      while (next >= page.length && !isOver) await turn()
      return page[next]
    },
    take: () => void next++,
  }
}
