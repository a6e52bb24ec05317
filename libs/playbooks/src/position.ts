import type { Document, LineCounter, Node } from 'yaml'

/** One YAML file with what is needed to point into it. */
export interface Source {
  file: string
  text: string
  document: Document
  lines: LineCounter
}

/** A mistake in a playbook, where it is and what was expected. */
export interface PlaybookMistake {
  file: string
  line: number
  column: number
  say: string
  /** The line with a caret under the place. */
  excerpt: string
}

const isBlank = (character: string | undefined) => character === undefined || /\s/.test(character)

/**
 * Where a character of a scalar's value stands in the file. Folding, indentation and escapes change blanks and add
 * characters, so only what is neither is followed.
 */
function offsetInFile(text: string, start: number, value: string, offset: number): number {
  const isBlock = text[start] === '>' || text[start] === '|'
  let at = isBlock ? text.indexOf('\n', start) + 1 : start
  for (let index = 0; index <= offset; index++) {
    if (isBlank(value[index])) continue
    while (at < text.length && text[at] !== value[index]) at++
    if (index < offset) at++
  }
  return at
}

/** The node at a path, or the nearest one above it that exists. */
function nodeAt({ document }: Source, path: readonly (string | number)[]): Node | undefined {
  for (let length = path.length; length >= 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as Node | undefined
    if (node?.range) return node
  }
  return undefined
}

/** A mistake at an offset of the file. */
export function mistakeAt({ file, text, lines }: Source, offset: number, say: string): PlaybookMistake {
  const { line, col } = lines.linePos(offset)
  const written = text.split('\n')[line - 1] ?? ''
  return { file, line, column: col, say, excerpt: `${written}\n${' '.repeat(Math.max(0, col - 1))}^` }
}

/** A mistake at a path of the document, `spec.not.0.when`; with an offset into its value, at that character. */
export function mistakeIn(
  source: Source,
  path: readonly (string | number)[],
  say: string,
  offset?: number,
): PlaybookMistake {
  const node = nodeAt(source, path)
  const start = node?.range?.[0] ?? 0
  const value = document(source, path)
  const at = offset !== undefined && typeof value === 'string' ? offsetInFile(source.text, start, value, offset) : start
  return mistakeAt(source, at, `${path.join('.') || 'playbook'}: ${say}`)
}

const document = (source: Source, path: readonly (string | number)[]) => source.document.getIn(path)

/** `rollback.yaml:9:8: spec.when: No such key: lastHealty`, then the line with a caret. */
export function toldMistake({ file, line, column, say, excerpt }: PlaybookMistake): string {
  return `${file}:${line}:${column}: ${say}\n${excerpt
    .split('\n')
    .map((each) => `  ${each}`)
    .join('\n')}`
}
