/** What needs no test to be seen: format, lint, types, unused code, generated files. Run by `npm run check` and `npm test`. */
import { fileURLToPath } from 'node:url'
import { spawned } from './run/spawned.ts'

const CHECKS: readonly { name: string; command: readonly [string, ...string[]]; mend: string }[] = [
  { name: 'format', command: ['node_modules/.bin/oxfmt', '--check', '.'], mend: 'npm run format' },
  {
    name: 'lint',
    command: ['node_modules/.bin/oxlint', '--type-aware', '--deny-warnings', '--quiet'],
    mend: 'see above',
  },
  { name: 'types', command: ['node_modules/.bin/tsc', '-p', '.'], mend: 'see above' },
  {
    name: 'unused code',
    command: ['node_modules/.bin/knip', '--no-progress', '--no-config-hints'],
    mend: 'delete it, or export it less',
  },
  {
    name: 'generated files',
    command: [process.execPath, 'test/generate.ts', '--check'],
    mend: 'npm run generate',
  },
]

/** Runs every check, also after one that failed. */
export async function check(): Promise<{ passed: number; failed: number }> {
  let failed = 0
  for (const { name, command, mend } of CHECKS) {
    const [program, ...args] = command
    if ((await spawned(program, args)) === 0) continue
    failed += 1
    process.stdout.write(`✘ check: ${name} (${mend})\n`)
  }
  process.stdout.write(`check: ${CHECKS.length - failed} passed, ${failed} failed\n`)
  return { passed: CHECKS.length - failed, failed }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { failed } = await check()
  process.exit(failed === 0 ? 0 : 1)
}
