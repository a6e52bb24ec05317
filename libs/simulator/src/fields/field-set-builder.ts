import type { FieldSet } from './field-set.ts'

interface Node extends FieldSet {
  isMember: boolean
  children: Map<string, Node>
}

/** Collects members while a walk goes up and down a tree. */
export interface FieldSetBuilder {
  insert(path: readonly string[]): void
  build(): FieldSet
}

export function fieldSetBuilder(): FieldSetBuilder {
  const root: Node = { isMember: false, children: new Map() }
  return {
    insert(path) {
      let node = root
      for (const element of path) {
        let child = node.children.get(element)
        if (child === undefined) node.children.set(element, (child = { isMember: false, children: new Map() }))
        node = child
      }
      node.isMember = true
    },
    build: () => root,
  }
}
