import type { FieldType } from '../schema/schema.ts'
import type { FieldSet } from './field-set.ts'
import { shape } from './shape.ts'

function innerType(type: FieldType, element: string): FieldType {
  const view = shape(type)
  if (view.kind === 'list') return view.item
  return view.kind === 'map' ? view.typeOf(element.slice(2)) : 'any'
}

function isNamedField(type: FieldType, element: string): boolean {
  const view = shape(type)
  return view.kind === 'map' && element.startsWith('f:') && view.isField(element.slice(2))
}

/** The set with every structure on the way to a member made a member too: `a` for `a.b.c`, where `a` is a named field. */
export function withNamedFields(set: FieldSet, type: FieldType): FieldSet {
  const children = [...set.children].map(([element, child]): [string, FieldSet] => {
    const inner = withNamedFields(child, innerType(type, element))
    const isMember = child.isMember || (child.children.size > 0 && isNamedField(type, element))
    return [element, { isMember, children: inner.children }]
  })
  return { isMember: set.isMember, children: new Map(children) }
}
