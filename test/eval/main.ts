/** Plays the failure catalogue: `main.ts --plans-only [--scenario N…] [--scenarios FOLDER] [--json]`. See README.md. */
import { join } from 'node:path'
import { styleText } from 'node:util'
import { scoresOf, shortfalls, totalsOf } from './evaluate.ts'
import { hostilePasses } from './hostile.ts'
import { optionsOf } from './options.ts'
import { readScenarios } from './read-scenario.ts'
import { lineOf, tableOf } from './table.ts'
import { trapVariants } from './variants.ts'

const VARIANTS = 200

function fail(say: string, code: 1 | 2): never {
  process.stderr.write(`eval: ${say}\n`)
  process.exit(code)
}

process.on('SIGINT', () => process.exit(130))

const options = optionsOf(process.argv.slice(2))
if (typeof options === 'string') fail(options, 2)
const folder = options.folder ?? join(import.meta.dirname, 'scenarios')
const { scenarios, mistakes } = await readScenarios(folder).catch((error: Error) =>
  fail(`--scenarios: expected a folder that can be read, got '${folder}': ${error.message}`, 2),
)
if (mistakes.length > 0) fail(`scenarios with mistakes:\n${mistakes.join('\n')}`, 2)
const missing = options.scenarios.filter((id) => !scenarios.some((scenario) => scenario.id === id))
if (missing.length > 0) fail(`--scenario: there is no ${missing.join(', ')} in '${folder}'`, 2)
const chosen = scenarios.filter(({ id }) => options.scenarios.length === 0 || options.scenarios.includes(id))

const tell = (say: string) => process.stderr.isTTY && process.stderr.write(`${styleText('dim', say)}\n`)
const scores = await scoresOf(chosen, { onScore: (score) => tell(lineOf(score)) })
const variants = trapVariants(
  chosen.filter(({ isTrap }) => isTrap),
  VARIANTS,
)
const counted = (what: string) => {
  let played = 0
  return () => {
    played += 1
    if (played % 20 === 0) tell(`${played} ${what}…`)
  }
}
const variantScores = await scoresOf(variants, { onScore: counted('variants of the traps') })
const hostile = await hostilePasses([...chosen, ...variants], counted('scenarios with a hostile model'))
const totals = totalsOf(scores, variantScores)
if (options.isJson) {
  const lines = scores.map(({ id, isCauseRight, isActionRight, harm }) => ({
    id,
    runs: 1,
    settled: null,
    causeRight: Number(isCauseRight),
    actionRight: Number(isActionRight),
    harm: harm.length,
  }))
  process.stdout.write(`${JSON.stringify({ ...totals, variants: variantScores.length, hostile, scenarios: lines })}\n`)
} else process.stdout.write(tableOf(scores, variantScores, totals, hostile))
process.exit(shortfalls(totals, hostile).length === 0 ? 0 : 1)
