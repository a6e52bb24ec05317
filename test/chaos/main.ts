/**
 * Kills, stops and confuses executors, and says what they did wrong: `main.ts executor [--json] [--runs N] [--seed N]
 * [--threads N] [--only virtual|real] [--match TEXT]`. Prints a table, or with --json one object on one line, the last of stdout. Exit 0 when nothing was violated and every
 * cheater was caught, 1 otherwise, 2 on wrong usage.
 */
import { availableParallelism } from 'node:os'
import { dirname } from 'node:path'
import { parseArgs, styleText } from 'node:util'
import { findNatsServer } from '@kubewise/standalone/nats-server'
import { CHEATERS } from '../../services/executor/src/fixture/cheaters.ts'
import { cheatersCaught } from '../../services/executor/src/fixture/caught.ts'
import { progress } from './progress.ts'
import { real } from './real.ts'
import { playAll } from './virtual.ts'

const RUNS = 10_000
const USAGE = 'executor [--json] [--runs N] [--seed N] [--threads N] [--only virtual|real] [--match TEXT]'

function usage(what: string): never {
  process.stderr.write(`test:chaos: expected ${USAGE}, ${what}\n`)
  process.exit(2)
}

function optionsOf(args: string[]) {
  const options = {
    json: { type: 'boolean', default: false },
    runs: { type: 'string', default: String(RUNS) },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    threads: { type: 'string', default: String(Math.min(8, availableParallelism())) },
    only: { type: 'string' },
    /** Of the remedies whose executors are killed: those with this in their name. */
    match: { type: 'string', default: '' },
  } as const
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
    if (positionals.join(' ') !== 'executor') usage(`got '${positionals.join(' ')}'`)
    return values
  } catch (error) {
    return usage((error as Error).message)
  }
}

function whole(name: string, text: string): number {
  const value = Number(text)
  return Number.isSafeInteger(value) && value >= 0 ? value : usage(`--${name} a whole number, got '${text}'`)
}

const { json, only, match, ...texts } = optionsOf(process.argv.slice(2))
if (only !== undefined && only !== 'virtual' && only !== 'real') usage(`--only virtual or real, got '${only}'`)
const runs = only === 'real' ? 0 : whole('runs', texts.runs)
const [seed, threads] = [whole('seed', texts.seed), Math.max(1, whole('threads', texts.threads))]

const tell = (say: string) => {
  process.stderr.write(`${process.stderr.isTTY ? styleText('dim', say) : say}\n`)
}
const stopping = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort(new Error(name)))

tell(`seed ${seed}`)
const caught = await cheatersCaught()
tell(`${caught.length} of ${CHEATERS.length} cheaters caught`)
if (runs > 0) tell(`${runs} histories…`)
const virtual = await playAll({ seed, runs, threads, signal: stopping.signal }, progress(runs, tell, 500))
tell(`${virtual.runs} histories, ${virtual.runsPerSecond.toFixed(0)} per second`)
const path = process.env['PATH'] ?? ''
if (only !== 'virtual') process.env['PATH'] = `${dirname(await findNatsServer(path, tell))}:${path}`
const killed =
  only === 'virtual' || stopping.signal.aborted ? undefined : await real({ match, tell, signal: stopping.signal })

const faults = [...virtual.faults, ...(killed?.faults ?? [])]
const result = {
  runs: virtual.runs,
  kills: killed?.kills ?? 0,
  violations: faults.length,
  cheatersCaught: caught.length,
  seed,
  stops: killed?.stops ?? 0,
  effects: virtual.effects + (killed?.effects ?? 0),
  virtualKills: virtual.kills,
  virtualStops: virtual.freezes,
  runsPerSecond: Math.round(virtual.runsPerSecond),
}
for (const fault of faults) process.stderr.write(`${fault}\n`)
for (const { name } of CHEATERS.filter(({ name }) => !caught.includes(name)))
  process.stderr.write(`not caught: one that ${name}\n`)
if (json) process.stdout.write(`${JSON.stringify(result)}\n`)
else
  for (const [what, value] of Object.entries(result))
    process.stdout.write(`${what.padEnd(20)}${value.toLocaleString('en').padStart(14)}\n`)
const isWell = faults.length === 0 && caught.length === CHEATERS.length && !stopping.signal.aborted
process.exit(isWell ? 0 : 1)
