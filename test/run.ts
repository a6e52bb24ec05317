/**
 * Runs tests and sums them up: `run.ts`, `run.ts cluster`, `run.ts cluster --soak [DURATION]`, `run.ts containers`. The last line is
 * `N passed, N failed, N skipped`; exit 0 when nothing failed, 1 otherwise, 2 on wrong usage.
 */
import { globSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { findNatsServer, NoNatsServerError } from '@kubewise/standalone/nats-server'
import { check } from './check.ts'
import { spawned } from './run/spawned.ts'
import { optionsOf } from './run/options.ts'
import { SUITES, type Suite } from './run/suites.ts'

const options = optionsOf(process.argv.slice(2))
if ('mistake' in options) refuse(options.mistake)
const { what, files, env: told } = options
const suites = SUITES[what] ?? refuse(`unknown suite '${what}', expected one of ${Object.keys(SUITES).join(', ')}`)

const totals = { passed: 0, failed: 0, skipped: 0 }
const folder = await mkdtemp(join(tmpdir(), 'kubewise-test-'))
try {
  if (what === 'test' && files.length === 0) {
    const result = await check()
    totals.passed += result.passed
    totals.failed += result.failed
  }
  const path = process.env['PATH'] ?? ''
  // Without one, what needs it is skipped, each with its reason.
  const nats = await findNatsServer(path, (say) => process.stderr.write(`${say}\n`)).catch((error: unknown) => {
    if (!(error instanceof NoNatsServerError)) throw error
    process.stderr.write(`${error.message}\n`)
    return process.execPath
  })
  for (const suite of suites) await run(suite, { PATH: `${dirname(nats)}:${path}`, ...told })
} finally {
  await rm(folder, { recursive: true, force: true })
}
process.stdout.write(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped\n`)
process.exit(totals.failed === 0 ? 0 : 1)

function refuse(mistake: string): never {
  process.stderr.write(`run: ${mistake}\n`)
  process.exit(2)
}

async function run(suite: Suite, env: Record<string, string>): Promise<void> {
  const matching =
    files.length > 0
      ? files
      : suite.files
          .flatMap((pattern) => globSync(pattern, { exclude: [...(suite.without ?? []), '**/node_modules/**'] }))
          .sort()
  if (matching.length === 0) return
  const file = join(folder, `${suite.name.replaceAll(' ', '-')}.json`)
  process.stdout.write(`${suite.name}: ${matching.length} files\n`)
  const parallel = suite.jobs > 1 ? ['--parallel', '--jobs', String(suite.jobs)] : ['--no-parallel']
  const mocha = [
    '--timeout',
    String(suite.timeoutMs),
    '--reporter',
    'test/run/reporter.ts',
    '--reporter-option',
    `totals=${file}`,
    '--exit',
  ]
  await spawned('node_modules/.bin/mocha', [...parallel, ...mocha, ...matching], env)
  // A run that ended without writing its totals has crashed: that is a failure, whatever it had passed.
  const result = await readFile(file, 'utf8').then(JSON.parse, () => ({ passed: 0, failed: 1, skipped: 0 }))
  process.stdout.write(`${suite.name}: ${result.passed} passed, ${result.failed} failed, ${result.skipped} skipped\n`)
  for (const key of ['passed', 'failed', 'skipped'] as const) totals[key] += result[key]
}
