import type { SyntaxNode } from '@lezer/common'
import { PromqlError } from './error.ts'

/** A node of the grammar with the whole query it was parsed from. */
export interface Node {
  node: SyntaxNode
  text: string
}

export const textOf = ({ node, text }: Node) => text.slice(node.from, node.to)

/** The named parts of a node, without comments; only those of one name if it is given. */
export function children({ node, text }: Node, name?: string): Node[] {
  const found: Node[] = []
  for (let part = node.firstChild; part; part = part.nextSibling)
    if (part.name !== 'LineComment' && (!name || part.name === name)) found.push({ node: part, text })
  return found
}

export const child = (node: Node, name: string): Node | undefined => children(node, name)[0]

/** A mistake in a query with its line and column, worded as Prometheus does. */
export function parseError(text: string, position: number, say: string): PromqlError {
  const before = text.slice(0, position).split('\n')
  return new PromqlError('bad_data', `${before.length}:${before.at(-1)!.length + 1}: parse error: ${say}`)
}
