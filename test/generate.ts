/** Writes what is made from the source: `generate.ts`; `generate.ts --check` says what has drifted and exits 1. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { schemaFiles } from '@kubewise/contracts'
import { playbooksPage, readFolder } from '@kubewise/playbooks'
import { ACTIONS, actionsPage } from '@kubewise/policy'

const root = dirname(import.meta.dirname)
const SCHEMAS = 'libs/contracts/schemas'

const files = [
  ...schemaFiles().map(({ name, text }) => ({ path: `${SCHEMAS}/${name}`, text })),
  { path: 'docs/actions.md', text: actionsPage(ACTIONS) },
  { path: 'docs/playbooks.md', text: playbooksPage(await readFolder(join(root, 'services/planner/playbooks'))) },
]

const read = (path: string) => {
  try {
    return readFileSync(join(root, path), 'utf8')
  } catch {
    return undefined
  }
}

mkdirSync(join(root, SCHEMAS), { recursive: true })
const drifted = files.filter(({ path, text }) => read(path) !== text)
const stale = readdirSync(join(root, SCHEMAS))
  .map((name) => `${SCHEMAS}/${name}`)
  .filter((path) => !files.some((file) => file.path === path))

if (process.argv.includes('--check')) {
  for (const { path } of drifted) process.stdout.write(`${path}: is not what the source says\n`)
  for (const path of stale) process.stdout.write(`${path}: nothing makes it\n`)
  process.exitCode = drifted.length + stale.length > 0 ? 1 : 0
} else {
  for (const { path, text } of drifted) writeFileSync(join(root, path), text)
  for (const path of stale) rmSync(join(root, path))
}
