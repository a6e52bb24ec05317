import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isNode, LineCounter, parseDocument, type Document } from 'yaml'
import { decodeScenario, type Scenario } from './form.ts'
import { valuesOf } from './series.ts'

export type Read = { scenario: Scenario } | { mistakes: string[] }

/** Line and column of a path of the document, or of the nearest thing above it that is there. */
function placeOf(document: Document, lines: LineCounter, path: readonly (string | number)[]): string {
  for (let length = path.length; length >= 0; length--) {
    const node = document.getIn(path.slice(0, length), true)
    if (!isNode(node) || !node.range) continue
    const { line, col } = lines.linePos(node.range[0])
    return `${line}:${col}`
  }
  return '1:1'
}

function seriesMistakes({ series = [] }: Scenario): string[] {
  return series.flatMap(({ values }, index) => {
    try {
      valuesOf(values)
      return []
    } catch (error) {
      return [`series.${index}.values: ${(error as Error).message}`]
    }
  })
}

/**
 * Reads one scenario.
 *
 * @param file how its mistakes name it
 * @returns the scenario, or all mistakes at once, each `file:line:column: where: what was expected, got …`
 */
export function readScenario(file: string, text: string): Read {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true })
  if (document.errors.length > 0)
    return {
      mistakes: document.errors.map(({ pos, message }) => {
        const { line, col } = lines.linePos(pos[0])
        return `${file}:${line}:${col}: ${message}`
      }),
    }
  const decoded = decodeScenario(document.toJS({ maxAliasCount: 10_000 }))
  const errors = decoded.ok ? seriesMistakes(decoded.value) : decoded.errors
  if (decoded.ok && errors.length === 0) return { scenario: decoded.value }
  return {
    mistakes: errors.map((error) => {
      const [, where = '', say = error] = /^([^:\s]+): (.*)$/s.exec(error) ?? []
      const path = where === 'value' ? [] : where.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part))
      return `${file}:${placeOf(document, lines, path)}: ${where === 'value' ? '' : `${where}: `}${say}`
    }),
  }
}

/** Every scenario of a folder, by number, and what could not be read. @throws Error where the folder cannot be read */
export async function readScenarios(folder: string): Promise<{ scenarios: Scenario[]; mistakes: string[] }> {
  const names = (await readdir(folder)).filter((name) => /^[^.].*\.ya?ml$/.test(name)).sort()
  const read = await Promise.all(
    names.map(async (name) => readScenario(name, await readFile(join(folder, name), 'utf8'))),
  )
  const scenarios = read.flatMap((each) => ('scenario' in each ? each.scenario : []))
  return {
    scenarios: scenarios.sort((a, b) => a.id - b.id),
    mistakes: read.flatMap((each) => ('mistakes' in each ? each.mistakes : [])),
  }
}
