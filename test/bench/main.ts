/** Measures: `main.ts NAME [--json]`. Prints a table, or with --json one object on one line, the last of stdout. */
import { styleText } from 'node:util'
import { executor } from './executor.ts'
import { incidents } from './incidents.ts'
import { pipeline } from './pipeline.ts'
import { redaction } from './redaction.ts'

/** A benchmark's figures; keys are fixed, scripts depend on them. */
export type Figures = Record<string, number>
type Bench = (tell: (say: string) => void) => Promise<{ figures: Figures; gates: Figures; measured: string }>

const BENCHES: Readonly<Record<string, Bench>> = { executor, incidents, pipeline, redaction }

const [name = '', ...options] = process.argv.slice(2)
const bench = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined
const strange = options.filter((option) => option !== '--json')
if (!bench || strange.length > 0) {
  process.stderr.write(
    `bench: expected NAME [--json], NAME one of ${Object.keys(BENCHES).join(', ')}, got '${process.argv.slice(2).join(' ')}'\n`,
  )
  process.exit(2)
}

const { figures, gates, measured } = await bench(
  (say) => process.stderr.isTTY && process.stderr.write(`${styleText('dim', say)}\n`),
)
if (options.includes('--json')) process.stdout.write(`${JSON.stringify(figures)}\n`)
else {
  process.stdout.write(`${measured}\n`)
  for (const [figure, value] of Object.entries(figures))
    process.stdout.write(
      `${figure.padEnd(28)}${value.toLocaleString('en').padStart(14)}   gate ${gates[figure]?.toLocaleString('en') ?? '–'}\n`,
    )
}
process.exit(0)
