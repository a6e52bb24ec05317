import { styleText } from 'node:util'
import type { Stage } from './story.ts'
import type { FaultResult } from './tour.ts'

const seconds = (value: number | null) => (value === null ? '–' : value.toFixed(1))

/** The results for people: one row a fault, no borders. */
export function table(results: readonly FaultResult[], { isTTY }: Stage): string {
  const rows = [
    ['FAULT', 'EXPECTED', 'OUTCOME', 'DETECT s', 'ACT s', 'RECOVER s'],
    ...results.map(({ name, expected, outcome, detectSeconds, actSeconds, recoverSeconds }) => [
      name,
      expected,
      outcome,
      seconds(detectSeconds),
      seconds(actSeconds),
      seconds(recoverSeconds),
    ]),
  ]
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row, i) => {
      const line = row
        .map((cell, column) => (column < 3 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
        .join('   ')
      const isBad = i > 0 && !results[i - 1]!.ok
      return isTTY && isBad ? styleText('red', line) : line
    })
    .join('\n')
}

/** The results for machines: one object on one line. */
export const json = (results: readonly FaultResult[]): string =>
  JSON.stringify({ ok: results.every(({ ok }) => ok), faults: results })
