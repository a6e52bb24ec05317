import type { FieldType } from '../schema/schema.ts'
import { below, hasMember, isEmpty, type FieldSet } from './field-set.ts'
import { isHollow, itemsOf, membersOf, shape } from './shape.ts'

/** A copy of a value without the fields of a set; undefined where nothing is left of a map or list. */
export function removeFields(value: unknown, gone: FieldSet, type: FieldType): unknown {
  const view = shape(type)
  if (typeof type === 'string') return value
  if (view.kind === 'leaf' || isHollow(value)) return undefined
  if (view.kind === 'list') {
    const kept = itemsOf(value).filter((item) => !hasMember(gone, view.elementOf(item)))
    const items = kept.map((item) => {
      const inner = below(gone, view.elementOf(item))
      return isEmpty(inner) ? item : removeFields(item, inner, view.item)
    })
    return items.length === 0 ? undefined : items
  }
  const kept = Object.entries(membersOf(value)).filter(([name]) => !hasMember(gone, `f:${name}`))
  const members = kept.map(([name, member]) => {
    const inner = below(gone, `f:${name}`)
    return [name, isEmpty(inner) ? member : removeFields(member, inner, view.typeOf(name))] as const
  })
  return members.length === 0 ? undefined : Object.fromEntries(members.filter(([, member]) => member !== undefined))
}
