import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

/** A table of numbers, row by row; an empty cell is NaN. */
export interface CsvTable {
  columns: string[]
  rows: number
  /** rows × columns */
  values: Float64Array
}

/**
 * Reads a table of numbers from text with a line of names at its head.
 *
 * @param where named in errors
 * @throws Error if a line is of another width than the head, or a cell is neither empty nor a number
 */
export function parseCsvTable(text: string, where: string): CsvTable {
  const [head = '', ...lines] = text.trimEnd().split(/\r?\n/)
  const columns = head.split(',')
  const values = new Float64Array(lines.length * columns.length)
  for (const [row, line] of lines.entries()) {
    const cells = line.split(',')
    if (cells.length !== columns.length)
      throw new Error(`${where}, line ${row + 2}: expected ${columns.length} cells, got ${cells.length}`)
    for (const [column, cell] of cells.entries()) {
      const value = cell === '' ? Number.NaN : Number(cell)
      if (Number.isNaN(value) && !/^(nan)?$/i.test(cell))
        throw new Error(`${where}, line ${row + 2}, ${columns[column]}: expected a number, got '${cell.slice(0, 40)}'`)
      values[row * columns.length + column] = value
    }
  }
  return { columns, rows: lines.length, values }
}

/** @param path of a gzipped CSV */
export function readCsvTable(path: string): CsvTable {
  return parseCsvTable(gunzipSync(readFileSync(path)).toString('utf8'), path)
}
