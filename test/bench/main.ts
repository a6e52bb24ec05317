/** Measures: `main.ts NAME [--json] [--data FOLDER]`. Prints a table, or with --json one object on one line, the last of stdout. */
import { parseArgs, styleText } from 'node:util'
import { corporaFolder, MissingCorpus } from './detection/corpora.ts'
import { entities } from './detection/entities.ts'
import { feedback } from './detection/feedback.ts'
import { coldstart } from './detection/coldstart.ts'
import { nab } from './detection/nab.ts'
import { river } from './detection/river.ts'
import { scale } from './detection/scale.ts'
import { tiers } from './detection/tiers.ts'
import { nezha } from './detection/nezha.ts'
import { quiet } from './detection/quiet.ts'
import { executor } from './executor.ts'
import { incidents } from './incidents.ts'
import { pipeline } from './pipeline.ts'
import { redaction } from './redaction.ts'

/** A benchmark's figures; keys are fixed, scripts depend on them. What is measured on several things is nested. */
export type Figures = { [figure: string]: number | Figures }
/** @param dataFolder the corpora, one folder each */
type Bench = (
  tell: (say: string) => void,
  dataFolder: string,
) => Promise<{ figures: Figures; gates: Readonly<Record<string, number>>; measured: string }>

const BENCHES: Readonly<Record<string, Bench>> = {
  coldstart,
  entities,
  executor,
  feedback,
  incidents,
  nab,
  nezha,
  pipeline,
  quiet,
  redaction,
  river,
  scale,
  tiers,
}

const { name, isJson, data } = options(process.argv.slice(2))
try {
  const { figures, gates, measured } = await BENCHES[name]!(
    (say) => process.stderr.isTTY && process.stderr.write(`${styleText('dim', say)}\n`),
    corporaFolder(data),
  )
  if (isJson) process.stdout.write(`${JSON.stringify(figures)}\n`)
  else process.stdout.write(`${measured}\n${rows(figures, gates).join('')}`)
} catch (error) {
  if (!(error instanceof MissingCorpus)) throw error
  process.stderr.write(`bench: ${error.message}\n`)
  process.exit(1)
}
process.exit(0)

function options(args: string[]): { name: string; isJson: boolean; data: string | undefined } {
  try {
    const { positionals, values } = parseArgs({
      args,
      allowPositionals: true,
      options: { json: { type: 'boolean', default: false }, data: { type: 'string' } },
    })
    const [name = '', ...more] = positionals
    if (Object.hasOwn(BENCHES, name) && more.length === 0) return { name, isJson: values.json, data: values.data }
  } catch {
    // Said below, as for a strange name.
  }
  process.stderr.write(
    `bench: expected NAME [--json] [--data FOLDER], NAME one of ${Object.keys(BENCHES).join(', ')}, got '${args.join(' ')}'\n`,
  )
  process.exit(2)
}

/** One line a figure; a gate of a nested figure has its path as key, such as `sets.smd.ap`. */
function rows(figures: Figures, gates: Readonly<Record<string, number>>, path = ''): string[] {
  return Object.entries(figures).flatMap(([figure, value]) => {
    const key = path + figure
    if (typeof value !== 'number') return rows(value, gates, `${key}.`)
    return `${key.padEnd(28)}${value.toLocaleString('en').padStart(14)}   gate ${gates[key]?.toLocaleString('en') ?? '–'}\n`
  })
}
