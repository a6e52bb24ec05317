import { COLLECTIONS } from '@kubewise/contracts'
import { Type } from 'typebox'
import { reading, type Route } from '../route.ts'
import { pageOf, pageQuery, shown } from './pages.ts'

const events = reading({
  paths: ['/api/v1/events'],
  summary:
    'Copies of Kubernetes Events, by when they were last seen, newest first; kept where EVENT_KEEP_HOURS is set.',
  query: Type.Object(
    {
      ...pageQuery,
      type: Type.Optional(Type.Enum(['Normal', 'Warning'])),
      reason: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
      kind: Type.Optional(Type.String({ minLength: 1, maxLength: 63 })),
      name: Type.Optional(Type.String({ minLength: 1, maxLength: 253 })),
    },
    { additionalProperties: false },
  ),
  async answer({ type, reason, kind, name, ...page }, { store }) {
    const { items, cursor } = await pageOf(store.collection(COLLECTIONS.events), page, 'lastMs', {
      ...(type && { type }),
      ...(reason !== undefined && { reason }),
      ...(kind !== undefined && { 'entity.kind': kind }),
      ...(name !== undefined && { 'entity.name': name }),
    })
    return { items: items.map(shown), ...(cursor !== undefined && { cursor }) }
  },
})

export const eventRoutes: readonly Route[] = [events]
